import { randomUUIDv7 } from 'node:crypto'
import { type Database, sql } from '@colophon/postgres'
import { resolveNames } from '../../../services/catalog/src/books/resolve-names.ts'
import { storeBooks } from '../../../services/catalog/src/books/store-books.ts'
import type { Orders } from '../../../services/orders/src/index.ts'
import { ensureStock, lockStock, recordMovements } from '../../../services/orders/src/stock/movements.ts'
import { madeCatalogue } from '../made-catalogue.ts'

/** More than any benchmark sells, of each book. */
const copies = 100_000_000

/** What an id of `bookId` begins with, before its number in 12 hexadecimal digits. */
export const bookIdStart = '0198c0de-0000-7000-8000-'

/** The id of the n-th book of a benchmark's shop, from 1: pgbench can work it out, too. */
export function bookId(n: number): string {
  return `${bookIdStart}${n.toString(16).padStart(12, '0')}`
}

/** Puts so many paperbacks with plenty of copies into an empty catalogue. */
export async function stockBooks(
  database: Database,
  { deps }: Pick<Orders, 'deps'>,
  count: number,
): Promise<void> {
  const drafts = [...madeCatalogue(count)].map((draft, index) => ({
    ...draft,
    format: 'paperback' as const,
    price: { amount: 499 + index, currency: 'EUR' },
  }))
  const ids = drafts.map((_, index) => bookId(index + 1))
  await database.transaction(async (tx) => {
    const resolutions = await resolveNames(tx, drafts, randomUUIDv7)
    const writes = resolutions.flatMap((resolution, index) => {
      const id = ids[index]
      if (!('resolved' in resolution) || id === undefined) throw new Error('a made-up book cannot be stored')
      return [{ id, version: 1, draft: resolution.resolved, changed: 'all' as const }]
    })
    await storeBooks(tx, writes, { now: new Date(), currency: 'EUR' })
    await ensureStock(tx, deps, ids)
    await lockStock(tx, ids)
    const delivery = { onHand: copies, held: 0, reason: 'goods_in', actor: 'command' } as const
    await recordMovements(
      tx,
      deps,
      ids.map((id) => ({ ...delivery, bookId: id })),
    )
  })
  await database.transaction((tx) => tx.query(sql`analyze`), { statementTimeout: 0 })
}
