import { sql } from '@colophon/postgres'
import { countUpTo } from '../count-up-to.ts'
import type { OrdersDeps } from '../deps.ts'

/** Milliseconds that the sweeper may take to come by. */
const grace = 60_000
/** So often the sweeper has sent an order's step again, and nothing came of it. */
const manyNudges = 3

/** How many orders stand still, since no sweeper comes by or since what it sends again comes to nothing; 100,000 at most. */
export function countOverdue({ database, now }: Pick<OrdersDeps, 'database' | 'now'>): Promise<number> {
  const before = new Date(now().getTime() - grace)
  return countUpTo(
    database,
    sql`from orders.orders where due_at <= ${before} or (due_at is not null and nudges >= ${manyNudges})`,
  )
}
