import { createHash } from 'node:crypto'
import type { CsvRecord } from './csv/records.ts'
import type { ChosenIsbn } from './fields/isbn.ts'
import { type ImportIssue, shown } from './issue.ts'
import type { Reading } from './layouts/index.ts'
import type { FeedFields, MappedRecord, Shop } from './layouts/layout.ts'
import { Row } from './layouts/row.ts'

/** What a source says of one book. */
export interface FeedBook {
  /** Where it says so. */
  line: number
  /** The source's own id of the record; the ISBN when it gives none. */
  recordId: string
  fields: FeedFields & { title: string }
  /** SHA-256 of the fields, hexadecimal: the same record again has the same. */
  hash: string
}

/** A row as read: a book, or why it is none. */
export interface ReadRow {
  line: number
  /** Undefined when the row is refused: one of the issues says why. */
  book?: FeedBook | undefined
  issues: ImportIssue[]
  /** What became of its ISBN; undefined when the row could not be read so far. */
  isbn?: ChosenIsbn | undefined
}

/** Reads a record of a file as a book, or says why it is none. */
export function readRow(record: CsvRecord, reading: Reading, shop: Shop): ReadRow {
  const { line } = record
  if ('code' in record) {
    return { line, issues: [refusal(line, record.code, record.message, record.text)] }
  }
  const { cells } = record
  const unfit = unfitRow(cells, reading.width)
  if (unfit) return { line, issues: [refusal(line, unfit.code, unfit.message, cells.join(' | '))] }
  const row = new Row(line, cells, reading.columns)
  const mapped = reading.layout.map(row, shop)
  const book = bookOf(line, mapped)
  const issues = [...shortRow(line, cells, reading.width), ...row.issues]
  return 'severity' in book
    ? { line, issues: [...issues, book], isbn: row.isbn }
    : { line, issues, isbn: row.isbn, book }
}

function bookOf(line: number, { recordId, fields }: MappedRecord): FeedBook | ImportIssue {
  const { title, isbn13 } = fields
  const id = recordId ?? isbn13 ?? undefined
  if (title === undefined) {
    return refusal(
      line,
      'title_missing',
      'there is no title that can be kept: only a title makes a book',
      id ?? '',
    )
  }
  if (id === undefined) {
    const message =
      'neither a record id nor an ISBN that can be read, so that another import could not find it again: ' +
      'give each book a number of your own in a column "recordId"'
    return refusal(line, 'no_identity', message, title)
  }
  if (id.length > longestRecordId) {
    return refusal(line, 'record_id_too_long', `an id may have ${longestRecordId} characters`, id)
  }
  return { line, recordId: id, fields: { ...fields, title }, hash: hashOf(fields) }
}

/** Characters of the longest id that is kept. */
const longestRecordId = 200

function unfitRow(cells: readonly string[], width: number): { code: string; message: string } | undefined {
  if (cells.some((cell) => cell.includes('\0'))) {
    return { code: 'nul_character', message: 'holds NUL, or half of a character, which no text can hold' }
  }
  if (cells.slice(width).every((cell) => cell.trim() === '')) return undefined
  const message = `${extent(cells.length, width)}: is a text with a separator not within quotes?`
  return { code: 'row_too_long', message }
}

/** A row that ends early says nothing of the columns it does not reach. */
function shortRow(line: number, { length }: readonly string[], width: number): ImportIssue[] {
  if (length >= width) return []
  const message = `${extent(length, width)}: the rest of the row is missing`
  return [{ line, column: null, code: 'row_short', value: null, message, severity: 'warning' }]
}

function extent(cells: number, columns: number): string {
  return `${cells} cell${cells === 1 ? '' : 's'} in ${columns} column${columns === 1 ? '' : 's'}`
}

function refusal(line: number, code: string, message: string, value: string): ImportIssue {
  return { line, column: null, code, value: shown(value), message, severity: 'refused' }
}

function hashOf(fields: FeedFields): string {
  return createHash('sha256').update(JSON.stringify(fields)).digest('hex')
}
