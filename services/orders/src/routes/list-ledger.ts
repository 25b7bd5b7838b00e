import { type App, page, pageQuery } from '@colophon/http'
import type { OrdersDeps } from '../deps.ts'
import { LedgerEntry, listLedger } from '../stock/list-ledger.ts'
import { trackedBook } from '../stock/tracked-book.ts'
import { staff } from './shared/access.ts'
import { stockBookPath, stockBookProblems } from './shared/stock-book-path.ts'

export function listLedgerRoute(app: App, deps: OrdersDeps): void {
  app.get(
    '/api/inventory/:book/ledger',
    {
      config: { access: staff, problems: [...stockBookProblems, 'invalid_cursor'] },
      schema: {
        tags: ['Inventory'],
        operationId: 'listLedger',
        summary: 'Every movement of the copies of a book, the newest first',
        description: 'The sums of `onHand` and `held` over all of them are those of the book.',
        params: stockBookPath,
        querystring: pageQuery,
        response: { 200: page(LedgerEntry) },
      },
    },
    async ({ params, query }) => {
      const { id } = await trackedBook(deps, params.book)
      return listLedger(deps.database, id, query)
    },
  )
}
