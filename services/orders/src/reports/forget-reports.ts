import { sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { forgetRows } from '../forget-rows.ts'

/** How long a report is kept after it was last made, in days: two years. */
const keptDays = 730

/** Each may have ten thousand rows. */
const batchSize = 500

/** Forgets reports that were made more than two years ago. @returns how many */
export function forgetReports({ database, now }: Pick<OrdersDeps, 'database' | 'now'>): Promise<number> {
  const before = new Date(now().getTime() - keptDays * 86_400_000)
  const isOld = sql`finished_at < ${before}`
  return forgetRows(database, { table: sql`orders.reports`, isOld, batchSize })
}
