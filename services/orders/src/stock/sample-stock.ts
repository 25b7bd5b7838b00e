import { sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { ensureStock, lockStock, recordMovements } from './movements.ts'

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
        document: 'sample',
      })),
    )
    return fresh.length
  })
  deps.outbox.nudge()
  return received
}

/** From 3 to 20, so that books differ and none is sold out at once. */
function copiesOf(index: number): number {
  return 3 + ((index * 7) % 18)
}
