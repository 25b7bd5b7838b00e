import { type App, nullable } from '@colophon/http'
import Type from 'typebox'
import type { OrdersDeps } from '../deps.ts'
import { requireIdempotencyKey } from '../idempotency.ts'
import { orderToken } from '../orders/order-token.ts'
import { placeOrder } from '../placing/place-order.ts'
import { Order, OrderInput } from '../schemas.ts'
import { keyHeaders, keyProblems } from './shared/idempotency-key.ts'
import { orderAnswer } from './shared/order-answer.ts'

const Placed = Type.Object(
  {
    ...Order.properties,
    orderToken: nullable(
      Type.String({
        description: 'For guests: send it as Order-Token to see the order again; null otherwise',
      }),
    ),
  },
  { title: 'PlacedOrder', additionalProperties: false },
)

const problems = [
  'order_invalid',
  ...keyProblems,
  'total_too_large',
  'total_changed',
  'out_of_stock',
  'book_unknown',
  'book_withdrawn',
  'book_without_price',
  'book_not_released',
  'country_not_served',
] as const

export function placeOrderRoute(app: App, deps: OrdersDeps): void {
  app.post(
    '/api/orders',
    {
      config: { access: 'public', problems },
      schema: {
        tags: ['Orders'],
        operationId: 'placeOrder',
        summary: 'Place an order, signed in or as a guest',
        description:
          'Its copies are held from now on, and the payment is taken behind this answer: read the order at the ' +
          'address in Location, or its events, to see it confirmed. Send an Idempotency-Key of your making, and ' +
          'the same one again when no answer came: the order is placed once.',
        headers: keyHeaders,
        body: OrderInput,
        response: { 202: Placed },
      },
    },
    async (request, reply) => {
      const { identity, body: input, headers } = request
      const idempotencyKey = requireIdempotencyKey(headers)
      const id = await placeOrder(deps, { input, identity, idempotencyKey })
      const order = await orderAnswer(deps, id, identity)
      reply.code(202).header('location', `/api/orders/${id}`)
      return { ...order, orderToken: identity === null ? orderToken(deps.orderTokenKey, id) : null }
    },
  )
}
