import type { OrdersDeps } from '../deps.ts'
import { oneLine } from '../mail/plain-text.ts'
import type { Mail } from '../mail/port.ts'
import { countRefusedRefunds, listRefusedRefunds, type RefusedRefund } from '../process/refused-refunds.ts'
import { formatMoney } from '../rules/money-text.ts'
import { reports } from './all-reports.ts'
import { csvName, reportCsv } from './csv.ts'
import { findReports } from './kept-reports.ts'
import type { KeptReport } from './schemas.ts'

/** How the run of one report ended. */
export interface Outcome {
  name: string
  /** ISO date that it is about. */
  day: string
  /** Why it failed; null when it is kept. */
  error: string | null
}

/** Refunds that were refused and are owed: as many as are told one by one, of all that there are. */
interface Owed {
  told: readonly RefusedRefund[]
  count: number
}

const mostTold = 100

/**
 * Tells staff how the night's reports went, with each that was made as a file, and what is owed since a refund is refused,
 * every night until staff have ended that. Sent again, it is the same mail.
 * @throws Error when the mail is not taken
 */
export async function mailReports(
  deps: OrdersDeps,
  day: string,
  outcomes: readonly Outcome[],
): Promise<void> {
  const kept = new Map((await findReports(deps.database, outcomes)).map((report) => [report.name, report]))
  const owed = { told: await listRefusedRefunds(deps, mostTold), count: await countRefusedRefunds(deps) }
  await deps.mailer.send(reportsMail(deps.reportsTo, day, outcomes, kept, owed))
}

/** The mail of a night about a day's sales and the stock. @param kept by their names */
export function reportsMail(
  to: string,
  day: string,
  outcomes: readonly Outcome[],
  kept: ReadonlyMap<string, KeptReport>,
  owed: Owed,
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
  const days = [...new Set(inOrder.map((one) => one.day))]
  return {
    id: `reports-${day}`,
    to,
    subject: `Reports of ${day}${failed > 0 ? `: ${failed} failed` : ''}${alarm(made)}${owed.count > 0 ? ': refunds are owed' : ''}`,
    text: `${owedText(owed)}${lines.join('\n')}\n\nThey are kept: ${days.map((one) => `GET /api/reports?day=${one}`).join(', ')}.\n`,
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

function owedText({ told, count }: Owed): string {
  if (count === 0) return ''
  const lines = told.map(
    ({ id, number, amount, currency, refusal }) =>
      `Order ${number}: ${formatMoney(amount, currency)} (${oneLine(refusal)}), refund ${id}`,
  )
  const more = count > told.length ? [`and ${count - told.length} more`] : []
  const head = 'Refunds that are refused, and still owed:'
  return `${[head, ...lines, ...more].join('\n')}\n\n`
}

/** What nobody should have to open a file for. */
function alarm(made: readonly KeptReport[]): string {
  const isWrong = made.some(({ name, rowCount }) => name === 'stock-check' && rowCount > 0)
  return isWrong ? ': stock does not add up' : ''
}
