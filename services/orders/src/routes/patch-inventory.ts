import { type App, etagOf, requireMatch } from '@colophon/http'
import type { OrdersDeps } from '../deps.ts'
import { Inventory, InventoryPatch } from '../schemas.ts'
import { editInventory } from '../stock/edit-inventory.ts'
import { trackedBook } from '../stock/tracked-book.ts'
import { staff } from './shared/access.ts'
import { stockBookPath, stockBookProblems } from './shared/stock-book-path.ts'

export function patchInventoryRoute(app: App, deps: OrdersDeps): void {
  app.patch(
    '/api/inventory/:book',
    {
      config: {
        access: staff,
        problems: [...stockBookProblems, 'precondition_required', 'precondition_failed'],
      },
      schema: {
        tags: ['Inventory'],
        operationId: 'patchInventory',
        summary: 'Change how the stock of a book is sold',
        description:
          'A JSON merge patch (RFC 7396): null empties a field, what is left out stays. The number of copies is ' +
          'changed by adjustments.',
        consumes: ['application/merge-patch+json', 'application/json'],
        params: stockBookPath,
        body: InventoryPatch,
        response: { 200: Inventory },
      },
    },
    async (request, reply) => {
      const { id } = await trackedBook(deps, request.params.book)
      const inventory = await editInventory(deps, {
        bookId: id,
        patch: request.body,
        checkVersion: (version) => requireMatch(request, version),
      })
      reply.header('etag', etagOf(inventory.version))
      return inventory
    },
  )
}
