import { sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'

/** What an order owes its buyer since the payment provider refused to give it back. */
export interface OwedMoney {
  /** Of the order. */
  number: number
  /** Minor units. */
  amount: number
  currency: string
  /** What the provider said last. */
  refusal: string
}

const mostCounted = 100_000

/**
 * The orders that owe, and how much. Each refund that is asked for is taken off what its order owes by then, down to
 * nothing; one that is refused is owed from then on. So it is the largest sum of the last of these steps.
 */
const owed = sql`
  select order_id, max(owing)::bigint as amount
  from (
    select order_id,
      sum(step) over (partition by order_id order by at desc, id desc, step desc rows unbounded preceding) as owing
    from (
      select order_id, id, refused_at as at, amount as step from orders.refunds where status = 'refused'
      union all
      select order_id, id, created_at, -amount from orders.refunds
      where order_id in (select order_id from orders.refunds where status = 'refused')) as steps) as sums
  group by order_id having max(owing) > 0`

/** How many orders owe money since a refund was refused; 100,000 at most. */
export async function countRefusedRefunds({ database }: Pick<OrdersDeps, 'database'>): Promise<number> {
  const { count } = await database.one<{ count: number }>(sql`
    select count(*) as count from (${owed} limit ${mostCounted}) as owed`)
  return count
}

/** What these orders owe, the oldest first. */
export function listRefusedRefunds(
  { database }: Pick<OrdersDeps, 'database'>,
  limit: number,
): Promise<OwedMoney[]> {
  return database.query<OwedMoney>(sql`
    select o.number, owed.amount, o.currency,
      (select refusal from orders.refunds refund where refund.order_id = o.id and status = 'refused'
        order by refused_at desc, id desc limit 1) as refusal
    from (${owed}) as owed join orders.orders o on o.id = owed.order_id
    order by o.number limit ${limit}`)
}
