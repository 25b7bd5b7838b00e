import { sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'

/** How long a report is kept after it was last made, in days: two years. */
const keptDays = 730

/** Each may have ten thousand rows. */
const batchSize = 500

/** Forgets reports that were made more than two years ago. @returns how many */
export async function forgetReports({
  database,
  now,
}: Pick<OrdersDeps, 'database' | 'now'>): Promise<number> {
  const before = new Date(now().getTime() - keptDays * 86_400_000)
  for (let total = 0; ; ) {
    const { gone } = await database.one<{ gone: number }>(sql`
      with gone as (
        delete from orders.reports where ctid = any(array(
          select ctid from orders.reports where finished_at < ${before} limit ${batchSize}))
        returning id)
      select count(*) as gone from gone`)
    total += gone
    if (gone < batchSize) return total
  }
}
