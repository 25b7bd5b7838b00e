import { decodeCursor, encodeCursor } from '@colophon/http'
import { join, type Queryable, type Sql, sql } from '@colophon/postgres'
import { ordersProblem } from '../problems.ts'
import type { KeptReport, ReportSummary } from './schemas.ts'

const summary = sql`
  id, name, day, status, error, row_count as "rowCount", is_cut as "isCut", created_at as "createdAt",
  finished_at as "finishedAt"`

export const whole = sql`${summary}, columns, rows`

export interface ReportsQuery {
  name?: string
  /** ISO date. */
  day?: string
  cursor?: string
  limit: number
}

/** One page of the reports that were made, the newest first. @throws Problem invalid_cursor */
export async function listReports(
  db: Queryable,
  query: ReportsQuery,
): Promise<{ items: ReportSummary[]; nextCursor: string | null }> {
  const { name, day, cursor, limit } = query
  const [below] = cursor === undefined ? [] : decodeCursor(cursor, query, ['uuid'])
  const filters: Sql[] = [
    ...(name === undefined ? [] : [sql`name = ${name}`]),
    ...(day === undefined ? [] : [sql`day = ${day}::date`]),
    ...(below === undefined ? [] : [sql`id < ${below}`]),
  ]
  // Ids are in the order in which they were made.
  const rows = await db.query<ReportSummary>(sql`
    select ${summary} from orders.reports ${filters.length > 0 ? sql`where ${join(filters, ' and ')}` : sql``}
    order by id desc limit ${limit + 1}`)
  const last = rows.length > limit ? rows[limit - 1] : undefined
  return { items: rows.slice(0, limit), nextCursor: last ? encodeCursor(query, [last.id]) : null }
}

/** @throws Problem report_not_found */
export async function findReport(db: Queryable, id: string): Promise<KeptReport> {
  const report = await db.maybeOne<KeptReport>(sql`select ${whole} from orders.reports where id = ${id}`)
  if (report !== undefined) return report
  throw ordersProblem('report_not_found', `there is no report ${id}`)
}

/** What was made of the day, in no order. */
export function reportsOfDay(db: Queryable, day: string): Promise<KeptReport[]> {
  return db.query<KeptReport>(sql`select ${whole} from orders.reports where day = ${day}::date`)
}
