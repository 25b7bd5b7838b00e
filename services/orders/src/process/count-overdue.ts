import { sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'

/** Milliseconds that the sweeper may take to come by. */
const grace = 60_000
/** So often the sweeper has sent an order's step again, and nothing came of it. */
const manyNudges = 3
const mostCounted = 100_000

/** How many orders stand still, since no sweeper comes by or since what it sends again comes to nothing; 100,000 at most. */
export async function countOverdue({ database, now }: Pick<OrdersDeps, 'database' | 'now'>): Promise<number> {
  const before = new Date(now().getTime() - grace)
  const { count } = await database.one<{ count: number }>(sql`
    select count(*) as count from
      (select from orders.orders where due_at <= ${before} or (due_at is not null and nudges >= ${manyNudges})
        limit ${mostCounted}) as overdue`)
  return count
}
