import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import type { OrderStatus } from '../process/states.ts'
import { taskTopic } from '../process/steps.ts'

/** The orders whose lines may wait for copies; one that is not confirmed yet takes its own when it is. */
export const waitingStatuses: readonly OrderStatus[] = ['confirmed', 'partly_shipped']

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
    where exists (
      select from orders.order_lines line join orders.orders o on o.id = line.order_id
      where line.book_id = arrived.book_id and line.tracked and line.allocated + line.cancelled < line.quantity
        and o.status = any(${waitingStatuses}::text[]))`)
  if (awaited.length === 0) return
  await outbox.add(
    tx,
    awaited.map(({ bookId }) => allocation(bookId)),
  )
}

/** The message that has a book's copies given to those who wait. */
export function allocation(bookId: string) {
  const task = { task: 'orders.allocate', kwargs: { book_id: bookId } }
  return { key: `allocate ${bookId}`, topic: taskTopic, payload: task }
}
