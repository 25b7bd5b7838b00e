import { countLines, endOfLine } from './lines.ts'
import { type ParsedRecord, parseTable } from './parse.ts'
import type { Separator } from './separator.ts'

/** Bytes of the longest record that is read: books' texts are far below it. */
export const longestRecord = 1_048_576

/** A row of the table, or what stands in place of one that cannot be read. */
export type CsvRecord =
  /** `line` is where the row begins, counted from 1 as an editor does. */
  | { line: number; cells: string[] }
  /** `text` is how it begins. */
  | { line: number; code: UnreadableCode; message: string; text: string }

type UnreadableCode = 'quote_unclosed' | 'record_too_long'

interface Unreadable {
  code: UnreadableCode
  message: string
  /** Where reading goes on. */
  end: number
}

/**
 * The records of a table in the pieces it comes in. Blank ones are left out. One that breaks the rules costs
 * at most itself: where a quote is not closed properly, its line is refused and reading goes on behind that
 * line.
 */
export async function* readRecords(
  pieces: AsyncIterable<Buffer>,
  separator: Separator,
  firstLine: number,
): AsyncGenerator<CsvRecord[]> {
  const reader = new RecordReader(separator, firstLine)
  for await (const piece of pieces) yield reader.read(piece)
  yield reader.readRest()
}

class RecordReader {
  readonly #separator: Separator
  #line: number
  /** From the beginning of a record whose end has not come yet. */
  #rest: Buffer = Buffer.alloc(0)
  #wanted = 0

  constructor(separator: Separator, firstLine: number) {
    this.#separator = separator
    this.#line = firstLine
  }

  read(piece: Buffer): CsvRecord[] {
    this.#rest = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece])
    if (this.#rest.length < this.#wanted) return []
    const records = this.#take(false)
    // Read again only when there is twice as much, so that a long record costs no more than its length.
    this.#wanted = Math.min(2 * this.#rest.length, longestRecord)
    return records
  }

  readRest(): CsvRecord[] {
    return this.#take(true)
  }

  #take(isLast: boolean): CsvRecord[] {
    const records: CsvRecord[] = []
    let table = this.#rest
    while (table.length > 0) {
      const { records: parsed, failure } = parseTable(table, this.#separator, 'standard')
      for (const [index, record] of parsed.entries()) {
        records.push(...this.#emit(table, parsed[index - 1]?.end ?? 0, record))
      }
      table = table.subarray(failure ? (parsed.at(-1)?.end ?? 0) : table.length)
      if (failure === 'open' && !isLast && table.length <= longestRecord) break
      if (failure) {
        const record = this.#unruly(table)
        records.push(...this.#emit(table, 0, record))
        table = table.subarray(record.end)
      }
    }
    this.#rest = table
    return records
  }

  #emit(table: Buffer, start: number, record: ParsedRecord | Unreadable): CsvRecord[] {
    const { end } = record
    const line = this.#line
    this.#line += countLines(table, start, end)
    const read = end - start > longestRecord ? tooLong : record
    if ('code' in read) {
      const { code, message } = read
      return [{ line, code, message, text: table.toString('utf8', start, Math.min(end, start + 400)) }]
    }
    return read.cells.every((cell) => cell.trim() === '') ? [] : [{ line, cells: read.cells }]
  }

  /**
   * Reads a first record that is not of the standard dialect: as one with backslashes, else its line loosely.
   */
  #unruly(table: Buffer): ParsedRecord | Unreadable {
    const end = endOfLine(table, 0)
    if (table.subarray(0, end).includes('\\"')) {
      const [record] = parseTable(table.subarray(0, longestRecord), this.#separator, 'backslash', 1).records
      if (record) return record
    }
    const [record] = parseTable(table.subarray(0, end), this.#separator, 'loose', 1).records
    return record ?? { ...unclosed, end }
  }
}

const unclosed = {
  code: 'quote_unclosed',
  message: `a quote is opened here and not closed before the next begins, or within ${longestRecord} bytes: the line was left out`,
} as const

const tooLong = {
  code: 'record_too_long',
  message: `longer than ${longestRecord} bytes: is a quote or a line end missing?`,
} as const
