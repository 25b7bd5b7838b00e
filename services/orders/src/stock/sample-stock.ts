import { sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { ensureStock, lockStock, recordMovements } from './movements.ts'

/** The document that its copies come in by. */
const document = 'sample'

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
        actor: 'system',
        document,
      })),
    )
    return fresh.length
  })
  deps.outbox.nudge()
  return received
}

/**
 * Takes the copies away of books that the sample had and the catalogue has no more. Those held for orders stay.
 * @returns of how many books
 */
export async function writeOffSample(
  deps: Pick<OrdersDeps, 'database' | 'now' | 'outbox' | 'catalog'>,
): Promise<number> {
  const gone = await booksGone(deps)
  const writtenOff = await deps.database.transaction(async (tx) => {
    const stock = [...(await lockStock(tx, gone)).values()].filter(({ onHand, held }) => onHand > held)
    await recordMovements(
      tx,
      deps,
      stock.map(({ bookId, onHand, held }) => ({
        bookId,
        onHand: held - onHand,
        held: 0,
        reason: 'adjustment',
        actor: 'system',
        note: 'the sample catalogue was removed',
      })),
    )
    return stock.length
  })
  deps.outbox.nudge()
  return writtenOff
}

async function booksGone({ database, catalog }: Pick<OrdersDeps, 'database' | 'catalog'>): Promise<string[]> {
  const received = await database.query<{ bookId: string }>(sql`
    select stock.book_id as "bookId" from orders.stock where on_hand > held
      and exists (select from orders.stock_ledger entry
        where entry.book_id = stock.book_id and entry.document = ${document})`)
  const ids = received.map(({ bookId }) => bookId)
  const there = new Set((await catalog.booksForSale(ids)).map(({ id }) => id))
  return ids.filter((id) => !there.has(id))
}

/** From 3 to 20, so that books differ and none is sold out at once. */
function copiesOf(index: number): number {
  return 3 + ((index * 7) % 18)
}
