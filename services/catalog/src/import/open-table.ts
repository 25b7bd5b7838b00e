import { type CsvTable, openCsv } from './csv/open-csv.ts'
import type { CsvRecord } from './csv/records.ts'
import { startingWith } from './csv/starting-with.ts'
import { ImportError } from './import-error.ts'
import { type Reading, recognise } from './layouts/index.ts'

/** A file whose layout is known. */
export interface OpenedTable extends Omit<CsvTable, 'records'> {
  reading: Reading
  /** The records that are to be books: all but a header. */
  records: AsyncIterable<CsvRecord[]>
}

/**
 * Opens a file and recognises its layout.
 * @param columns the columns as the caller names them, if he does
 * @param encoding the encoding as the caller names it, if he does
 * @throws ImportError when it is empty, no text, or no layout that is known; RangeError for no encoding
 */
export async function openTable(
  bytes: AsyncIterable<Uint8Array>,
  columns?: readonly string[],
  encoding?: string,
): Promise<OpenedTable> {
  const table = await openCsv(bytes, encoding)
  const iterator = table.records[Symbol.asyncIterator]()
  const beginning = await firstRecords(iterator)
  const [first] = beginning
  if (!first) throw new ImportError('file_empty', 'the file is empty')
  if ('code' in first) throw new ImportError('file_not_csv', `line ${first.line}: ${first.message}`)
  const reading = recognise(first.cells, columns)
  const books = reading.isHeader ? beginning.slice(1) : beginning
  return { ...table, reading, records: startingWith(books, iterator) }
}

async function firstRecords(iterator: AsyncIterator<CsvRecord[]>): Promise<CsvRecord[]> {
  for (;;) {
    const { value, done } = await iterator.next()
    if (done || value.length > 0) return value ?? []
  }
}
