import { type Queryable, sql } from '@colophon/postgres'
import type { Copies } from '../stock/order-stock.ts'

/**
 * Cancels what is not shipped of an order's lines.
 * @returns the copies that were out of stock for them, to be put back
 */
export async function closeLines(tx: Queryable, orderId: string): Promise<Copies[]> {
  const lines = await tx.query<Copies & { tracked: boolean }>(sql`
    update orders.order_lines line
    set cancelled = line.quantity - line.shipped, allocated = line.shipped
    from orders.order_lines before
    where line.order_id = ${orderId} and before.order_id = line.order_id and before.position = line.position
      and line.shipped + line.cancelled < line.quantity
    returning line.book_id as "bookId", before.allocated - before.shipped as quantity, line.tracked`)
  return lines.filter(({ tracked, quantity }) => tracked && quantity > 0)
}
