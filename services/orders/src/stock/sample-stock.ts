import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { ensureStock, lockStock, recordMovements } from './movements.ts'

/** Who moves its copies, and by which document; no delivery of that number is moved by the system itself. */
const bySample = { actor: 'system', document: 'sample' } as const

const isSamples = sql`entry.actor = ${bySample.actor} and entry.document = ${bySample.document}`

/**
 * Receives some copies of books of the sample catalogue, under the document `sample`. Books whose copies were counted
 * before are left as they are, so that it may be done again.
 * @returns how many books got copies
 */
export async function receiveSample(
  deps: Pick<OrdersDeps, 'database' | 'now' | 'outbox'>,
  bookIds: readonly string[],
): Promise<number> {
  if (bookIds.length === 0) return 0
  const received = await deps.database.transaction(async (tx) => {
    await ensureStock(tx, deps, bookIds)
    await lockStock(tx, bookIds)
    const fresh = await tx.query<{ bookId: string }>(sql`
      select book_id as "bookId" from unnest(${bookIds}::uuid[]) as wanted (book_id)
      where not exists (select from orders.stock_ledger entry where entry.book_id = wanted.book_id)
      order by book_id`)
    await recordMovements(
      tx,
      deps,
      fresh.map(({ bookId }, index) => ({
        bookId,
        onHand: copiesOf(index),
        held: 0,
        reason: 'goods_in',
        ...bySample,
      })),
    )
    return fresh.length
  })
  deps.outbox.nudge()
  return received
}

/**
 * Takes the copies away of books of which nobody but the sample has brought or counted any. Those that are held for
 * orders stay with them. To be done before the catalogue forgets the sample, and may be done again.
 * @returns of how many books
 */
export async function removeSampleCopies(
  deps: Pick<OrdersDeps, 'database' | 'now' | 'outbox'>,
): Promise<number> {
  const removed = await deps.database.transaction(async (tx) => {
    const stock = await lockStock(tx, await receivedBooks(tx))
    const counted = await countedBooks(tx, [...stock.keys()])
    const ours = [...stock.values()].filter(
      ({ bookId, onHand, held }) => onHand > held && !counted.has(bookId),
    )
    await recordMovements(
      tx,
      deps,
      ours.map(({ bookId, onHand, held }) => ({
        bookId,
        onHand: held - onHand,
        held: 0,
        reason: 'adjustment',
        note: 'the sample was removed',
        ...bySample,
      })),
    )
    return ours.length
  })
  deps.outbox.nudge()
  return removed
}

/** Books with copies that are free and came with the sample, among others or not. */
async function receivedBooks(tx: Queryable): Promise<string[]> {
  const books = await tx.query<{ bookId: string }>(sql`
    select book_id as "bookId" from orders.stock stock where on_hand > held and exists (
      select from orders.stock_ledger entry where entry.book_id = stock.book_id and ${isSamples})`)
  return books.map(({ bookId }) => bookId)
}

/** Those of these books of which others than the sample have brought or counted copies. */
export async function countedBooks(db: Queryable, bookIds: readonly string[]): Promise<Set<string>> {
  const books = await db.query<{ bookId: string }>(sql`
    select distinct book_id as "bookId" from orders.stock_ledger entry
    where book_id = any(${bookIds}::uuid[]) and reason in ('goods_in', 'adjustment', 'stocktake')
      and (${isSamples}) is not true`)
  return new Set(books.map(({ bookId }) => bookId))
}

/** From 3 to 20, so that books differ and none is sold out at once. */
function copiesOf(index: number): number {
  return 3 + ((index * 7) % 18)
}
