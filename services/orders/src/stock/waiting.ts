import { type Queryable, type Sql, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { taskMessage } from '../process/steps.ts'
import type { StockRow } from './movements.ts'

/** Whether a line waits for copies, as the index order_lines_waiting has it. */
export const isWaiting: Sql = sql`line.waits and line.allocated + line.cancelled < line.quantity`

/**
 * How many of the free copies of books confirmed orders wait for. Their stock is locked, and this is a statement of its
 * own, since one that has waited for a lock sees other tables as they were before. However many wait, no more of them
 * are looked at than there are copies.
 * @param before counts only orders that were placed before this one, by its id; all when it is null
 */
export async function awaitedCopies(
  tx: Queryable,
  stock: Iterable<StockRow>,
  before: string | null = null,
): Promise<Map<string, number>> {
  const sought = [...stock].filter(({ isSought, onHand, held }) => isSought && onHand > held)
  if (sought.length === 0) return new Map()
  const free = sought.map(({ onHand, held }) => onHand - held)
  const rows = await tx.query<{ bookId: string; copies: number }>(
    sql`select sought.book_id as "bookId", least(sought.free, awaited.copies) as copies
      from unnest(${sought.map(({ bookId }) => bookId)}::uuid[], ${free}::int[]) as sought (book_id, free)
      cross join lateral (select coalesce(sum(copies), 0)::int as copies from (
        select line.quantity - line.allocated - line.cancelled as copies from orders.order_lines line
        where line.book_id = sought.book_id and ${isWaiting}
          and (${before}::uuid is null or line.order_id < ${before}::uuid)
        order by line.order_id limit sought.free) as first) as awaited`,
    { name: 'orders.awaited-copies' },
  )
  return new Map(rows.map(({ bookId, copies }) => [bookId, copies]))
}

/**
 * Has copies that have arrived given to the lines that wait for them, when any do. Their stock is locked, so that an
 * order that is being confirmed either waits already or sees the copies itself.
 */
export async function sendAllocations(
  tx: Queryable,
  { outbox }: Pick<OrdersDeps, 'outbox'>,
  bookIds: readonly string[],
): Promise<void> {
  if (bookIds.length === 0) return
  const awaited = await tx.query<{ bookId: string }>(sql`
    select distinct book_id as "bookId" from unnest(${bookIds}::uuid[]) as arrived (book_id)
    where exists (select from orders.order_lines line where line.book_id = arrived.book_id and ${isWaiting})`)
  if (awaited.length === 0) return
  await outbox.add(
    tx,
    awaited.map(({ bookId }) => allocation(bookId)),
  )
}

/** The message that has a book's copies given to those who wait. */
export function allocation(bookId: string) {
  return taskMessage(`allocate ${bookId}`, 'orders.allocate', { book_id: bookId })
}
