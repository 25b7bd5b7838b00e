import { sql } from '@colophon/postgres'
import { countUpTo } from '../count-up-to.ts'
import type { OrdersDeps } from '../deps.ts'

/** Milliseconds in which the reconciler has sent a mail again once that its first tries did not get out. */
const grace = 15 * 60_000

/** How many mails wait to be sent for longer than they should, since no worker or no mail server takes them; 100,000 at most. */
export function countOverdueMails({ database, now }: Pick<OrdersDeps, 'database' | 'now'>): Promise<number> {
  const before = new Date(now().getTime() - grace)
  return countUpTo(database, sql`from orders.mails where due_at is not null and wanted_at <= ${before}`)
}
