import { type App, line, nullable } from '@colophon/http'
import Type from 'typebox'
import type { OrdersDeps } from '../deps.ts'
import { cancelOrder } from '../process/cancel-order.ts'
import { Order } from '../schemas.ts'
import { isStaff } from './shared/access.ts'
import { idPath } from './shared/id-path.ts'
import { actorOf, orderHeaders, visibleOrder } from './shared/order-access.ts'
import { orderAnswer } from './shared/order-answer.ts'

const Cancel = Type.Object(
  { reason: Type.Optional(line({ maxLength: 500, description: "Shown in the order's history" })) },
  { title: 'Cancel', additionalProperties: false },
)

export function cancelOrderRoute(app: App, deps: OrdersDeps): void {
  app.post(
    '/api/orders/:id/cancel',
    {
      config: { access: 'public', problems: ['order_not_found', 'order_state'] },
      schema: {
        tags: ['Orders'],
        operationId: 'cancelOrder',
        summary: 'Cancel an order of which nothing is shipped',
        description:
          'Its copies go back, and what was paid is given back, the shipping too. Of an order of which only e-books ' +
          'were delivered, the rest is cancelled, and so is by staff what is left of any that is partly shipped: ' +
          'the share of the lines is given back, and the order becomes shipped. Sent again, it changes nothing.',
        params: idPath,
        headers: orderHeaders,
        body: nullable(Cancel),
        response: { 200: Order },
      },
    },
    async (request) => {
      const { identity, params, body } = request
      await visibleOrder(deps, request, params.id)
      const byStaff = isStaff(identity)
      await cancelOrder(deps, {
        orderId: params.id,
        reason: body?.reason ?? (byStaff ? 'cancelled by the shop' : 'cancelled by the customer'),
        actor: actorOf(identity),
        isStaff: byStaff,
      })
      return orderAnswer(deps, params.id, identity)
    },
  )
}
