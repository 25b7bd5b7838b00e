import { sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'

/** Milliseconds that the sweeper may take to come by. */
const grace = 60_000
const mostCounted = 100_000

/** How many orders should have gone on by now and have not, nor has the sweeper moved them on; 100,000 at most. */
export async function countOverdue({ database, now }: Pick<OrdersDeps, 'database' | 'now'>): Promise<number> {
  const before = new Date(now().getTime() - grace)
  const { count } = await database.one<{ count: number }>(sql`
    select count(*) as count from
      (select from orders.orders where due_at <= ${before} limit ${mostCounted}) as overdue`)
  return count
}
