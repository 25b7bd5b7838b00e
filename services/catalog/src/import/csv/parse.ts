import { CsvError, type Options, parse } from 'csv-parse/sync'

/** How a table is written. RFC 4180's `standard` is what spreadsheets write. */
export type Dialect =
  | 'standard'
  /** `\"` within quotes, as MySQL and PHP write it. */
  | 'backslash'
  /** A quote where none may be is itself. */
  | 'loose'

export interface ParsedRecord {
  cells: string[]
  /** Where the record ends, behind its line end, in bytes from the beginning of the table. */
  end: number
}

export interface Parsed {
  records: ParsedRecord[]
  /** What kept the next record from being read: a quote not closed, or one where none may be. */
  failure?: 'open' | 'quotes'
}

const dialects: Readonly<Record<Dialect, Options>> = {
  standard: { trim: true },
  backslash: { trim: true, escape: '\\' },
  loose: { relax_quotes: true },
}

/** Reads the records of a table, all of them or the first `most`, up to one that is not of the dialect. */
export function parseTable(table: Buffer, separator: string, dialect: Dialect, most?: number): Parsed {
  const records: ParsedRecord[] = []
  try {
    parse(table, {
      ...dialects[dialect],
      delimiter: separator,
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      ...(most !== undefined && { to: most }),
      on_record: (cells: string[], { bytes }) => {
        records.push({ cells, end: bytes })
        return null
      },
    })
    return { records }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    return { records, failure: error.code === 'CSV_QUOTE_NOT_CLOSED' ? 'open' : 'quotes' }
  }
}
