import { type App, etagOf } from '@colophon/http'
import type { OrdersDeps } from '../deps.ts'
import { Inventory } from '../schemas.ts'
import { findInventory } from '../stock/find-inventory.ts'
import { trackedBook } from '../stock/tracked-book.ts'
import { staff } from './shared/access.ts'
import { stockBookPath, stockBookProblems } from './shared/stock-book-path.ts'

export function getInventoryRoute(app: App, deps: OrdersDeps): void {
  app.get(
    '/api/inventory/:book',
    {
      config: { access: staff, problems: stockBookProblems },
      schema: {
        tags: ['Inventory'],
        operationId: 'getInventory',
        summary: 'The stock of a book',
        description: 'The public sees by `inStock` of a book whether copies are left.',
        params: stockBookPath,
        response: { 200: Inventory },
      },
    },
    async (request, reply) => {
      const { id } = await trackedBook(deps, request.params.book)
      const inventory = await findInventory(deps.database, deps.currency, id)
      // For If-Match: it says nothing of the copies, so that no cache may answer by it.
      reply.header('etag', etagOf(inventory.version)).header('cache-control', 'private, no-store')
      return inventory
    },
  )
}
