import type { ImportReport } from '@colophon/catalog'
import { counted, n } from './import-counts.ts'

const separators: Record<string, string> = { ',': 'commas', ';': 'semicolons', '\t': 'tabs', '|': 'bars' }

/** What an import did, for people. */
export function summaryOf(report: ImportReport, file: string): string {
  const { counts, encoding, header } = report
  const lines = [
    `${file}: layout ${report.layout}, source ${report.source}, ${encoding.name}, separated by ${separators[report.separator]}${header.isInFile ? '' : ', without a header'}`,
    ...(encoding.windowsLines > 0
      ? [
          `  ${counted(encoding.windowsLines, 'line')} ${encoding.windowsLines === 1 ? 'is' : 'are'} not UTF-8, read as Windows-1252`,
        ]
      : []),
    ...(header.ignored.length > 0 ? [`  columns not used: ${header.ignored.join(', ')}`] : []),
    `  ${counted(counts.read, 'row')} read = ${n(counts.inserted)} inserted + ${n(counts.updated)} updated + ${n(counts.unchanged)} unchanged + ${n(counts.refused)} refused, in ${report.seconds.toFixed(1)} s`,
    ...isbnLines(report),
    ...tally('warnings', report.warnings),
    ...tally('refused', report.refusals),
    ...(report.dryRun ? ['  dry run: nothing was changed'] : []),
    ...(report.stopped ? ['  stopped before the end; the same import again goes on'] : []),
  ]
  return lines.join('\n')
}

/** What became of the ISBNs: of each column that holds some, and of the books where these complete each other. */
function isbnLines({ isbn, isbnColumns }: ImportReport): string[] {
  const columns = Object.entries(isbnColumns)
  const each =
    columns.length > 1 ? columns.map(([column, counts]) => `  column ${column}: ${isbnLine(counts)}`) : []
  return [...each, `  ISBNs of the books: ${isbnLine(isbn)}`]
}

function isbnLine(counts: ImportReport['isbn']): string {
  return `${n(counts.valid)} right as written, ${n(counts.repaired)} repaired, ${n(counts.destroyed)} destroyed, ${n(counts.invalid)} wrong, ${n(counts.missing)} missing`
}

function tally(title: string, counts: Record<string, number>): string[] {
  const parts = Object.entries(counts).map(([code, count]) => `${code} ${n(count)}`)
  return parts.length === 0 ? [] : [`  ${title}: ${parts.join(', ')}`]
}
