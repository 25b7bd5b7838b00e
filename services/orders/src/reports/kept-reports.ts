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

/**
 * One page of the reports that were made, the last made first: one that is made again moves to the top.
 * @throws Problem invalid_cursor
 */
export async function listReports(
  db: Queryable,
  query: ReportsQuery,
): Promise<{ items: ReportSummary[]; nextCursor: string | null }> {
  const { name, day, cursor, limit } = query
  const [madeAt, id] = cursor === undefined ? [] : decodeCursor(cursor, query, ['integer', 'uuid'])
  const filters: Sql[] = [
    ...(name === undefined ? [] : [sql`name = ${name}`]),
    ...(day === undefined ? [] : [sql`day = ${day}::date`]),
    ...(madeAt === undefined ? [] : [sql`(finished_at, id) < (${moment(madeAt)}, ${id})`]),
  ]
  const rows = await db.query<ReportSummary>(sql`
    select ${summary} from orders.reports ${filters.length > 0 ? sql`where ${join(filters, ' and ')}` : sql``}
    order by finished_at desc, id desc limit ${limit + 1}`)
  const last = rows.length > limit ? rows[limit - 1] : undefined
  const keys = last && [Date.parse(last.finishedAt) * 1000, last.id]
  return { items: rows.slice(0, limit), nextCursor: keys ? encodeCursor(query, keys) : null }
}

/** Microseconds since 1970: no integer of a cursor is a moment that PostgreSQL does not have. */
function moment(microseconds: number): Sql {
  return sql`timestamptz 'epoch' + ${microseconds}::bigint * interval '1 microsecond'`
}

/** @throws Problem report_not_found */
export async function findReport(db: Queryable, id: string): Promise<KeptReport> {
  const report = await db.maybeOne<KeptReport>(sql`select ${whole} from orders.reports where id = ${id}`)
  if (report !== undefined) return report
  throw ordersProblem('report_not_found', `there is no report ${id}`)
}

/** Those of them that are kept, in no order. */
export function findReports(
  db: Queryable,
  wanted: readonly Pick<KeptReport, 'name' | 'day'>[],
): Promise<KeptReport[]> {
  const [names, days] = [wanted.map(({ name }) => name), wanted.map(({ day }) => day)]
  return db.query<KeptReport>(sql`
    select ${whole} from orders.reports
    where (name, day) in (select * from unnest(${names}::text[], ${days}::date[]))`)
}
