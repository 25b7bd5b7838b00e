import type { ReadRow } from './feed-book.ts'
import type { ChosenIsbn } from './fields/isbn.ts'
import type { ImportIssue } from './issue.ts'
import { type ImportCounts, type ImportReport, type IsbnCounts, noIsbns } from './report.ts'
import type { Outcome } from './write/write-batch.ts'

/** Counts what an import does, and hands on what is wrong with the rows. */
export class Tally {
  readonly counts: ImportCounts = { read: 0, inserted: 0, updated: 0, unchanged: 0, refused: 0 }
  readonly isbn: IsbnCounts = noIsbns()
  readonly isbnColumns: Record<string, IsbnCounts> = {}
  readonly warnings: Record<string, number> = {}
  readonly refusals: Record<string, number> = {}
  readonly #onIssue: (issue: ImportIssue) => void

  constructor(onIssue: (issue: ImportIssue) => void) {
    this.#onIssue = onIssue
  }

  /** Counts a row that was read, and what became of its book. */
  add({ issues, isbn, book }: ReadRow, outcome: Outcome | undefined): void {
    this.counts.read++
    if (isbn) this.#addIsbn(isbn)
    for (const issue of issues) this.addIssue(issue)
    if (!book || !outcome) this.counts.refused++
    else if (typeof outcome === 'string') this.counts[outcome]++
    else {
      this.counts.refused++
      const { line, recordId } = book
      this.addIssue({ line, column: null, value: recordId, severity: 'refused', ...outcome })
    }
  }

  addIssue(issue: ImportIssue): void {
    const kind = issue.severity === 'refused' ? this.refusals : this.warnings
    kind[issue.code] = (kind[issue.code] ?? 0) + 1
    this.#onIssue(issue)
  }

  figures(): Pick<ImportReport, 'counts' | 'isbn' | 'isbnColumns' | 'warnings' | 'refusals'> {
    const { counts, isbn, isbnColumns, warnings, refusals } = this
    return { counts, isbn, isbnColumns, warnings, refusals }
  }

  #addIsbn({ outcome, columns }: ChosenIsbn): void {
    this.isbn[outcome]++
    for (const { column, outcome: ofColumn } of columns) {
      this.isbnColumns[column] ??= noIsbns()
      this.isbnColumns[column][ofColumn]++
    }
  }
}
