import { type App, eventStream, lastEventId, sendEvents } from '@colophon/http'
import Type from 'typebox'
import type { OrdersDeps } from '../deps.ts'
import { createOrderFeed, orderEvents } from '../orders/order-events.ts'
import { idPath } from './shared/id-path.ts'
import { orderHeaders, visibleOrder } from './shared/order-access.ts'

const eventHeaders = Type.Object({
  ...orderHeaders.properties,
  'last-event-id': Type.Optional(
    Type.String({ description: 'Sent by browsers that come again; what is no `seq` counts as absent' }),
  ),
})

/** The largest that PostgreSQL's integer holds. */
const maxSeq = 2_147_483_647

const Query = Type.Object({
  after: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: maxSeq,
      description: 'The `seq` to go on behind, for clients that cannot send Last-Event-ID, which wins',
    }),
  ),
})

export function orderEventsRoute(app: App, deps: OrdersDeps): void {
  const { database } = deps
  const feed = createOrderFeed(deps)
  app.get(
    '/api/orders/:id/events',
    {
      config: { access: 'public', problems: ['order_not_found'] },
      schema: {
        tags: ['Orders'],
        operationId: 'orderEvents',
        summary: 'What becomes of an order, as it happens',
        description:
          'Server-sent events: the history from its begin, or from behind the last event that was got, and then ' +
          'each new entry. The id is its `seq`, the name its `status`, the data an OrderHistoryEntry. It goes on ' +
          'also when nothing more is to be expected; browsers come again by themselves when it breaks off.',
        params: idPath,
        headers: eventHeaders,
        querystring: Query,
        response: { 200: eventStream('Events; each is an OrderHistoryEntry as JSON') },
      },
    },
    async (request, reply) => {
      const { order } = await visibleOrder(deps, request, request.params.id)
      const after = seqOf(lastEventId(request)) ?? request.query.after ?? 0
      const position = { orderId: order.id, after }
      return sendEvents(request, reply, (signal) => orderEvents({ database, feed }, position, signal))
    },
  )
}

/** What is none is left aside: refused, a browser would never ask again. */
function seqOf(id: string | undefined): number | undefined {
  const seq = /^\d{1,10}$/.test(id ?? '') ? Number(id) : undefined
  return seq !== undefined && seq <= maxSeq ? seq : undefined
}
