import { type App, etagOf } from '@colophon/http'
import type { OrdersDeps } from '../deps.ts'
import { requireIdempotencyKey } from '../idempotency.ts'
import { Inventory } from '../schemas.ts'
import { AdjustmentInput, adjustStock } from '../stock/adjust-stock.ts'
import { trackedBook } from '../stock/tracked-book.ts'
import { staff } from './shared/access.ts'
import { keyHeaders, keyProblems } from './shared/idempotency-key.ts'
import { stockBookPath, stockBookProblems } from './shared/stock-book-path.ts'

export function adjustInventoryRoute(app: App, deps: OrdersDeps): void {
  app.post(
    '/api/inventory/:book/adjustments',
    {
      config: {
        access: staff,
        problems: [...stockBookProblems, 'adjustment_refused', ...keyProblems],
      },
      schema: {
        tags: ['Inventory'],
        operationId: 'adjustInventory',
        summary: 'Add copies of a book, or take some away',
        description:
          'Needs an Idempotency-Key. Copies that are held for orders stay. The answer is the stock of the book ' +
          'afterwards; when the request is sent again, as it is then.',
        params: stockBookPath,
        headers: keyHeaders,
        body: AdjustmentInput,
        response: { 200: Inventory },
      },
    },
    async (request, reply) => {
      const idempotencyKey = requireIdempotencyKey(request.headers)
      const { id } = await trackedBook(deps, request.params.book)
      const inventory = await adjustStock(deps, {
        bookId: id,
        input: request.body,
        actor: request.requireIdentity().accountId,
        idempotencyKey,
      })
      reply.header('etag', etagOf(inventory.version))
      return inventory
    },
  )
}
