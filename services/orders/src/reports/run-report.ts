import { type Sql, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { whole } from './kept-reports.ts'
import type { Report } from './report.ts'
import type { KeptReport } from './schemas.ts'

/** More rows than these are cut off; they are the last in the order of the report. */
export const maxRows = 10_000

/**
 * Makes a report and keeps it, in place of an earlier one about the same day. Two at once do no harm: they make the
 * same row.
 * @param day ISO date
 * @throws whatever kept it from being made; then nothing is kept of it
 */
export async function runReport(deps: OrdersDeps, report: Report, day: string): Promise<KeptReport> {
  const rows = await report.read(deps, day, maxRows + 1)
  const made = { rows: rows.slice(0, maxRows), isCut: rows.length > maxRows, error: null }
  return deps.database.one<KeptReport>(upsert(deps, report, day, made))
}

/** Keeps that a report failed; one that was made before stays. @param error why, in one line */
export async function keepFailure(
  deps: OrdersDeps,
  report: Report,
  day: string,
  error: string,
): Promise<void> {
  await deps.database.query(upsert(deps, report, day, { rows: [], isCut: false, error }))
}

/** Gives the row, or none when an earlier report is left, as this one failed. */
function upsert(
  { now, newId }: OrdersDeps,
  { name, columns }: Report,
  day: string,
  { rows, isCut, error }: Pick<KeptReport, 'rows' | 'isCut' | 'error'>,
): Sql {
  const status = error === null ? 'done' : 'failed'
  return sql`
    insert into orders.reports as kept (id, name, day, status, error, columns, rows, row_count, is_cut, created_at,
      finished_at)
    values (${newId()}, ${name}, ${day}::date, ${status}, ${error}, ${JSON.stringify(columns)}::jsonb,
      ${JSON.stringify(rows)}::jsonb, ${rows.length}, ${isCut}, ${now()}, ${now()})
    on conflict (name, day) do update set status = excluded.status, error = excluded.error, columns = excluded.columns,
      rows = excluded.rows, row_count = excluded.row_count, is_cut = excluded.is_cut, finished_at = excluded.finished_at
    where excluded.status = 'done' or kept.status = 'failed'
    returning ${whole}`
}
