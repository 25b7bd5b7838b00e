import {
  type CsvRecord,
  ImportError,
  type ImportIssue,
  openCsv,
  priceParser,
  shown,
} from '@colophon/catalog/tables'
import { ordersProblem } from '../../problems.ts'
import { type Columns, findColumns } from './columns.ts'
import { type GoodsRow, RowReader } from './row.ts'

/** The most rows of one file: it is booked in one transaction. */
const mostRows = 10_000

/** A delivery as its file says it. */
export interface GoodsFile {
  rows: GoodsRow[]
  /** Rows that are not blank; those that are not in `rows` are refused. */
  read: number
  /** Columns that were not read. */
  ignored: string[]
  /** What is wrong with rows. */
  issues: ImportIssue[]
}

/**
 * Reads the table of a delivery in whatever encoding and with whatever separator it comes.
 * @param currency ISO 4217 code of the currency of the shop
 * @throws Problem goods_in_invalid when it is no table, names no ISBN or quantity, or is too long
 */
export async function readGoods(bytes: AsyncIterable<Uint8Array>, currency: string): Promise<GoodsFile> {
  const price = priceParser(currency)
  let columns: Columns | undefined
  const file: GoodsFile = { rows: [], read: 0, ignored: [], issues: [] }
  for await (const record of recordsOf(bytes)) {
    if (columns === undefined) {
      columns = findColumns(headerOf(record))
      file.ignored = columns.ignored
      continue
    }
    file.read++
    if (file.read > mostRows) throw invalid(`more than ${mostRows} rows: send them as several documents`)
    if ('code' in record) file.issues.push(unreadable(record))
    else {
      const reader = new RowReader(record.line, record.cells, columns)
      const row = reader.read(price)
      if (row !== null) file.rows.push(row)
      file.issues.push(...reader.issues)
    }
  }
  if (columns === undefined) throw invalid('the file is empty')
  return file
}

async function* recordsOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<CsvRecord> {
  try {
    const { records } = await openCsv(bytes)
    for await (const some of records) yield* some
  } catch (error) {
    throw error instanceof ImportError ? invalid(error.message) : error
  }
}

function headerOf(record: CsvRecord): string[] {
  if ('code' in record) throw invalid(`line ${record.line}: ${record.message}`)
  return record.cells
}

function unreadable({ line, code, message, text }: Extract<CsvRecord, { code: string }>): ImportIssue {
  return { line, column: null, code, value: shown(text), message, severity: 'refused' }
}

function invalid(detail: string) {
  return ordersProblem('goods_in_invalid', detail)
}
