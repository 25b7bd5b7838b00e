import type { OrdersDeps } from '../deps.ts'
import type { Mail } from '../mail/port.ts'
import { reports } from './all-reports.ts'
import { csvName, reportCsv } from './csv.ts'
import { reportsOfDay } from './kept-reports.ts'
import type { KeptReport } from './schemas.ts'

/** How the run of one report ended. */
export interface Outcome {
  name: string
  /** Why it failed; null when it is kept. */
  error: string | null
}

/**
 * Tells staff how the night's reports went, with each that was made as a file. Sent again, it is the same mail.
 * @throws Error when the mail is not taken
 */
export async function mailReports(
  deps: OrdersDeps,
  day: string,
  outcomes: readonly Outcome[],
): Promise<void> {
  const kept = new Map((await reportsOfDay(deps.database, day)).map((report) => [report.name, report]))
  await deps.mailer.send(reportsMail(deps.reportsTo, day, outcomes, kept))
}

/** The mail about a day's reports. @param kept by their names */
export function reportsMail(
  to: string,
  day: string,
  outcomes: readonly Outcome[],
  kept: ReadonlyMap<string, KeptReport>,
): Mail {
  const inOrder = reports.flatMap(({ name, title }) => {
    const outcome = outcomes.find((one) => one.name === name)
    return outcome === undefined ? [] : [{ ...outcome, title, report: kept.get(name) }]
  })
  const failed = inOrder.filter(({ error }) => error !== null).length
  const made = inOrder.flatMap(({ error, report }) =>
    error === null && report !== undefined ? [report] : [],
  )
  const lines = inOrder.map(
    ({ title, error, report }) => `${title}: ${error ? `failed: ${error}` : found(report)}`,
  )
  return {
    id: `reports-${day}`,
    to,
    subject: `Reports of ${day}${failed > 0 ? `: ${failed} failed` : ''}${alarm(made)}`,
    text: `${lines.join('\n')}\n\nThey are kept: GET /api/reports?day=${day}.\n`,
    attachments: made.map((report) => ({
      filename: csvName(report),
      contentType: 'text/csv; charset=utf-8',
      content: reportCsv(report),
    })),
  }
}

function found(report: KeptReport | undefined): string {
  if (report === undefined) return 'is not there'
  const rows = report.rowCount === 1 ? '1 row' : `${report.rowCount} rows`
  return report.isCut ? `the first ${rows}, there are more` : rows
}

/** What nobody should have to open a file for. */
function alarm(made: readonly KeptReport[]): string {
  const isWrong = made.some(({ name, rowCount }) => name === 'stock-check' && rowCount > 0)
  return isWrong ? ': stock does not add up' : ''
}
