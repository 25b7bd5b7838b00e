import { sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { copiesText } from '../rules/copies-text.ts'
import { allocateWaiting } from '../stock/order-stock.ts'
import { allocation, isWaiting } from '../stock/waiting.ts'
import { moveOrder } from './move.ts'
import { lockOrder, readLines } from './order-row.ts'

/** How many orders one task serves: on the day that a sought book comes, another task goes on. */
const mostOrders = 500

/**
 * Gives a book's copies to the lines that wait for them, to the earliest order first, each in a transaction of its own.
 * What was done is not done again.
 */
export async function allocateCopies(deps: OrdersDeps, bookId: string, most = mostOrders): Promise<void> {
  let orderId = await nextWaiting(deps, bookId)
  for (let served = 0; orderId !== undefined && served < most; served++) {
    await allocateTo(deps, orderId, bookId)
    orderId = await nextWaiting(deps, bookId, orderId)
  }
  // Without the book's stock held: the task reads no sequence, and finds what there is.
  if (orderId !== undefined)
    await deps.database.transaction((tx) => deps.outbox.add(tx, [allocation(bookId)]))
}

/** The next order that waits for the book, while there are copies of it. Ids are in the order of time. */
async function nextWaiting({ database }: OrdersDeps, bookId: string, after: string | null = null) {
  const next = await database.maybeOne<{ orderId: string }>(sql`
    select line.order_id as "orderId"
    from orders.order_lines line
      join orders.stock stock on stock.book_id = line.book_id
    where line.book_id = ${bookId} and ${isWaiting} and stock.on_hand > stock.held
      and (${after}::uuid is null or line.order_id > ${after}::uuid)
    order by line.order_id limit 1`)
  return next?.orderId
}

function allocateTo(deps: OrdersDeps, orderId: string, bookId: string): Promise<void> {
  return deps.database.transaction(async (tx) => {
    const order = await lockOrder(tx, orderId)
    if (order === undefined) return
    const [copies] = await allocateWaiting(tx, deps, orderId, bookId)
    if (copies === undefined) return
    const lines = await readLines(tx, orderId)
    const title = lines.find((line) => line.bookId === bookId)?.title
    await moveOrder(tx, deps, order, {
      reason: `${copiesText(copies.quantity)} of "${title}" came in for it`,
      actor: 'system',
      mail: true,
    })
  })
}
