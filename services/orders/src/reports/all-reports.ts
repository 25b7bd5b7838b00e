import type { Report } from './report.ts'
import { salesByAuthor } from './sales-by-author.ts'
import { salesByDay } from './sales-by-day.ts'
import { salesByPublisher } from './sales-by-publisher.ts'
import { stockCheck } from './stock-check.ts'
import { stockToReorder } from './stock-to-reorder.ts'

/** Every report there is, in the order of the mail. */
export const reports: readonly Report[] = [
  salesByDay,
  salesByAuthor,
  salesByPublisher,
  stockToReorder,
  stockCheck,
]

export const reportNames: readonly string[] = reports.map(({ name }) => name)

/** The report of this name. @throws Error in one line */
export function reportNamed(name: string): Report {
  const report = reports.find((one) => one.name === name)
  if (report !== undefined) return report
  throw new Error(`there is no report ${name}: they are ${reportNames.join(', ')}`)
}
