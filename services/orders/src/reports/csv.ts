import type { KeptReport } from './schemas.ts'
import { shownCell } from './shown-cell.ts'

/**
 * A report as CSV (RFC 4180) with a header. Money is in units and not in minor ones, as whoever opens it in a
 * spreadsheet expects. Text that a spreadsheet would run as a formula has an apostrophe before it
 * (https://owasp.org/www-community/attacks/CSV_Injection): titles and names are other people's.
 */
export function reportCsv({ columns, rows }: Pick<KeptReport, 'columns' | 'rows'>): string {
  const header = columns.map(({ name }) => name)
  const body = rows.map((row) =>
    row.map((cell, index) => {
      const text = shownCell(columns, row, index)
      return typeof cell === 'string' ? withoutFormula(text) : text
    }),
  )
  return [header, ...body].map((cells) => `${cells.map(quoted).join(',')}\r\n`).join('')
}

function withoutFormula(text: string): string {
  return /^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** What the file of a report is called. */
export function csvName({ name, day }: Pick<KeptReport, 'name' | 'day'>): string {
  return `${name}-${day}.csv`
}
