import { type App, nullable } from '@colophon/http'
import Type from 'typebox'
import type { OrdersDeps } from '../deps.ts'
import { orderToken } from '../orders/order-token.ts'
import { readOrder } from '../orders/read-order.ts'
import { requireIdempotencyKey } from '../placing/idempotency.ts'
import { placeOrder } from '../placing/place-order.ts'
import { Order, OrderInput } from '../schemas.ts'

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

export function placeOrderRoute(app: App, deps: OrdersDeps): void {
  app.post(
    '/api/orders',
    {
      config: {
        access: 'public',
        problems: [
          'order_invalid',
          'idempotency_key_required',
          'idempotency_key_in_flight',
          'idempotency_key_reused',
          'total_changed',
          'out_of_stock',
          'book_unknown',
          'book_withdrawn',
          'book_without_price',
          'book_not_released',
          'country_not_served',
        ],
      },
      schema: {
        tags: ['Orders'],
        operationId: 'placeOrder',
        summary: 'Place an order, signed in or as a guest',
        description:
          'Its copies are held from now on, and the payment is taken behind this answer: read the order at the ' +
          'address in Location, or its events, to see it confirmed. Send an Idempotency-Key of your making, and ' +
          'the same one again when no answer came: the order is placed once.',
        headers: Type.Object({
          'idempotency-key': Type.Optional(
            Type.String({
              maxLength: 255,
              description: 'Needed: up to 255 visible characters, such as a UUID',
            }),
          ),
        }),
        body: OrderInput,
        response: { 202: Placed },
      },
    },
    async (request, reply) => {
      const { identity, body: input, headers } = request
      const idempotencyKey = requireIdempotencyKey(headers)
      const id = await placeOrder(deps, { input, identity, idempotencyKey })
      const known = await readOrder(deps.database, id)
      if (known === undefined) throw new Error(`order ${id} is gone`)
      reply.code(202).header('location', `/api/orders/${id}`)
      return { ...known.order, orderToken: identity === null ? orderToken(deps.orderTokenKey, id) : null }
    },
  )
}
