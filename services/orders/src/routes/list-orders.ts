import { type App, day, page, pageQuery } from '@colophon/http'
import Type from 'typebox'
import type { OrdersDeps } from '../deps.ts'
import { listOrders } from '../orders/list-orders.ts'
import { Email, Order, Status } from '../schemas.ts'
import { isStaff } from './shared/access.ts'

const Query = Type.Object({
  email: Type.Optional(Type.Unsafe<string>({ ...Email, description: 'For staff' })),
  isbn: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 40,
      description: 'Orders with this book, by its ISBN in any written form',
    }),
  ),
  number: Type.Optional(Type.Integer({ minimum: 1, maximum: 999_999_999_999_999 })),
  status: Type.Optional(Status),
  from: Type.Optional(day({ description: 'Placed on this day or later, in UTC' })),
  to: Type.Optional(day({ description: 'Placed on this day or earlier, in UTC' })),
  ...pageQuery.properties,
})

export function listOrdersRoute(app: App, deps: OrdersDeps): void {
  app.get(
    '/api/orders',
    {
      config: { access: 'signed-in', problems: ['invalid_cursor', 'order_invalid'] },
      schema: {
        tags: ['Orders'],
        operationId: 'listOrders',
        summary: 'Orders, the newest first: your own, or all for staff',
        querystring: Query,
        response: { 200: page(Order) },
      },
    },
    (request) => {
      const identity = request.requireIdentity()
      return listOrders(deps, request.query, isStaff(identity) ? null : identity.accountId)
    },
  )
}
