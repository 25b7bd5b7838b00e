import { type App, etagOf } from '@colophon/http'
import type { OrdersDeps } from '../deps.ts'
import { Order } from '../schemas.ts'
import { idPath } from './shared/id-path.ts'
import { orderHeaders, visibleOrder } from './shared/order-access.ts'

export function getOrderRoute(app: App, deps: OrdersDeps): void {
  app.get(
    '/api/orders/:id',
    {
      config: { access: 'public', problems: ['order_not_found'] },
      schema: {
        tags: ['Orders'],
        operationId: 'getOrder',
        summary: 'An order, for its owner and staff',
        params: idPath,
        headers: orderHeaders,
        response: { 200: Order },
      },
    },
    async (request, reply) => {
      const { order } = await visibleOrder(deps, request, request.params.id)
      reply.header('etag', etagOf(order.version)).header('cache-control', 'private, no-store')
      return order
    },
  )
}
