import { sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { type Column, cellsOf, type Report, readSlowly } from './report.ts'

const columns: readonly Column[] = [
  { name: 'bookId', type: 'text' },
  { name: 'isbn13', type: 'text' },
  { name: 'title', type: 'text' },
  { name: 'publisher', type: 'text' },
  { name: 'available', type: 'count' },
  { name: 'reorderLevel', type: 'count' },
  { name: 'onHand', type: 'count' },
  { name: 'held', type: 'count' },
]

/** Books of which no more copies are available than their reorder level, those that miss most first; as they are now. */
export const stockToReorder: Report = {
  name: 'stock-to-reorder',
  title: 'Stock to reorder',
  isOfNow: true,
  columns,
  async read(deps, _day, limit) {
    const rows = await lowStock(deps, limit)
    const named: Awaited<ReturnType<typeof withTitles>> = []
    // One question behind the other: nobody waits for the report, and buyers share the pool.
    for (const batch of inBatches(rows)) named.push(...(await withTitles(deps, batch)))
    return cellsOf(columns, named)
  },
}

interface LowStock extends Record<string, string | number> {
  bookId: string
  available: number
  reorderLevel: number
  onHand: number
  held: number
}

function lowStock(deps: OrdersDeps, limit: number): Promise<LowStock[]> {
  return readSlowly<LowStock>(
    deps,
    sql`select book_id as "bookId", on_hand - held as available, reorder_level as "reorderLevel",
        on_hand as "onHand", held
      from orders.stock where reorder_level is not null and on_hand - held <= reorder_level
      order by on_hand - held - reorder_level, book_id limit ${limit}`,
  )
}

/** Books of one question to the catalogue. */
const batchSize = 500

function inBatches(rows: readonly LowStock[]): LowStock[][] {
  const count = Math.ceil(rows.length / batchSize)
  return Array.from({ length: count }, (_, index) => rows.slice(index * batchSize, (index + 1) * batchSize))
}

/** Books that the catalogue has no more are there without a title. */
async function withTitles({ catalog }: OrdersDeps, rows: readonly LowStock[]) {
  const books = await catalog.booksForSale(rows.map(({ bookId }) => bookId))
  const byId = new Map(books.map((book) => [book.id, book]))
  return rows.map((row) => {
    const book = byId.get(row.bookId)
    const { isbn13 = null, title = null } = book ?? {}
    return { ...row, isbn13, title, publisher: book?.publisher?.name ?? null }
  })
}
