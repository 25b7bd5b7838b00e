import { sql } from '@colophon/postgres'
import { countUpTo } from '../count-up-to.ts'
import type { OrdersDeps } from '../deps.ts'

/** Money that an order owes its buyer since the payment provider refused to give it back, or the order cannot book it. */
export interface RefusedRefund {
  /** Of the refund. */
  id: string
  /** Of the order. */
  number: number
  /** Minor units. */
  amount: number
  currency: string
  /** What the provider said, or what staff are to do. */
  refusal: string
}

/** How many refunds are refused, until staff end that; 100,000 at most. */
export function countRefusedRefunds({ database }: Pick<OrdersDeps, 'database'>): Promise<number> {
  return countUpTo(database, sql`from orders.refunds where status = 'refused'`)
}

/** These refunds, those of the oldest orders first. */
export function listRefusedRefunds(
  { database }: Pick<OrdersDeps, 'database'>,
  limit: number,
): Promise<RefusedRefund[]> {
  return database.query<RefusedRefund>(sql`
    select refund.id, o.number, refund.amount, o.currency, refund.refusal
    from orders.refunds refund join orders.orders o on o.id = refund.order_id
    where refund.status = 'refused' order by o.number, refund.id limit ${limit}`)
}
