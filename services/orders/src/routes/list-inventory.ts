import { type App, page, pageQuery } from '@colophon/http'
import Type from 'typebox'
import type { OrdersDeps } from '../deps.ts'
import { Inventory, Policy } from '../schemas.ts'
import { listInventory } from '../stock/list-inventory.ts'
import { staff } from './shared/access.ts'

const Query = Type.Object({
  lowStock: Type.Optional(
    Type.Boolean({ description: 'Whether no more copies are available than the reorderLevel says' }),
  ),
  policy: Type.Optional(Policy),
  ...pageQuery.properties,
})

export function listInventoryRoute(app: App, deps: OrdersDeps): void {
  app.get(
    '/api/inventory',
    {
      config: { access: staff, problems: ['invalid_cursor'] },
      schema: {
        tags: ['Inventory'],
        operationId: 'listInventory',
        summary: 'The stock of books that have, or had, any, by their ids',
        querystring: Query,
        response: { 200: page(Inventory) },
      },
    },
    ({ query }) => listInventory(deps, query),
  )
}
