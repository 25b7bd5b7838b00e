import { decode, type WindowsLines } from './decode.ts'
import { type CsvRecord, longestRecord, readRecords } from './records.ts'
import { findSeparator, type Separator } from './separator.ts'
import { startingWith } from './starting-with.ts'

/** A table of text, its encoding and separator found. */
export interface CsvTable {
  /** UTF-8, UTF-16LE, UTF-16BE, or the one that was given, in capitals. */
  encoding: string
  /** Whether the file begins with a byte order mark. */
  bom: boolean
  separator: Separator
  /** All records, a header among them, some at a time. To be read once. */
  records: AsyncIterable<CsvRecord[]>
  windows: WindowsLines
}

/**
 * Reads a table as it is sent, in memory that does not grow with it: UTF-8, Windows-1252 or UTF-16, separated
 * by commas, semicolons, tabs or bars, with lines that end in LF, CRLF or CR.
 * @param given its encoding when the caller says it, a label of the Encoding Standard
 * @throws ImportError when there is nothing, or it is no text; RangeError for a label that there is not
 */
export async function openCsv(chunks: AsyncIterable<Uint8Array>, given?: string): Promise<CsvTable> {
  const { encoding, bom, pieces, windows } = await decode(chunks, longestRecord, given)
  const iterator = pieces[Symbol.asyncIterator]()
  const first = await iterator.next()
  const start: Buffer = first.done ? Buffer.alloc(0) : first.value
  const { separator, skip } = findSeparator(start)
  const records = readRecords(startingWith(start.subarray(skip), iterator), separator, skip > 0 ? 2 : 1)
  return { encoding, bom, separator, records, windows }
}
