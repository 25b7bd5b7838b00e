import type { Separator } from './csv/separator.ts'
import type { IsbnOutcome } from './fields/isbn.ts'

export interface ImportCounts {
  /** Rows that are not blank; the sum of the others. */
  read: number
  inserted: number
  updated: number
  /** Those that the catalogue has so already, and those of books that staff deleted. */
  unchanged: number
  refused: number
}

export type IsbnCounts = Record<IsbnOutcome, number>

/** What an import did. */
export interface ImportReport {
  /** The source that the books were taken from. */
  source: string
  /** The layout the file was recognised as. */
  layout: string
  /** Nothing was kept. */
  dryRun: boolean
  /** It was stopped before the end of the file: the counts are of what was done. */
  stopped: boolean
  /** `name` is UTF-8, UTF-16LE, UTF-16BE or the one given; `windowsLines` is how many lines were not UTF-8 and were read as Windows-1252. */
  encoding: { name: string; bom: boolean; windowsLines: number }
  separator: Separator
  /** The columns that were read and those that were not, by their names in the file, or in the layout. */
  header: { isInFile: boolean; columns: string[]; ignored: string[] }
  counts: ImportCounts
  /** What became of the rows' ISBNs: of each row the best that its columns give. */
  isbn: IsbnCounts
  /** The same of each column that holds ISBNs, by its name in the file. */
  isbnColumns: Record<string, IsbnCounts>
  /** How many warnings there were of each code. */
  warnings: Record<string, number>
  /** How many rows were refused for each code. */
  refusals: Record<string, number>
  seconds: number
}

export interface ImportProgress extends ImportCounts {
  bytesRead: number
  /** Absent when the size is not known, as of standard input. */
  bytesTotal?: number
}

export function noIsbns(): IsbnCounts {
  return { valid: 0, repaired: 0, destroyed: 0, missing: 0, invalid: 0 }
}
