import type { BookDraft } from '../../books/draft.ts'
import type { PriceParser } from '../fields/price.ts'
import type { Row } from './row.ts'

/**
 * What a record says of a book. A field that is absent is no statement, since the file has no such column or
 * what stands there cannot be read; one that is null or empty says that there is nothing.
 */
export type FeedFields = { [Field in keyof BookDraft]?: BookDraft[Field] | undefined }

export interface MappedRecord {
  /** The source's own id of the record; null when it gives none. */
  recordId: string | null
  fields: FeedFields
}

/** What reading a row depends on besides the row. */
export interface Shop {
  /** ISO 4217 code of the currency the shop sells in. */
  currency: string
  price: PriceParser
}

export interface FoundColumns {
  /** By position: the layout's name for the column, or null for one it has no use for. */
  columns: (string | null)[]
  /** Whether the first record is a header, and not a book. */
  isHeader: boolean
}

/** A kind of file: how it is recognised and what its rows say. */
export interface Layout {
  name: string
  /** The source its records are from, unless the caller says otherwise; null: the file's own name. */
  source: string | null
  /** The columns of a file with this first record; undefined when the file is not of this layout. */
  recognise(first: readonly string[]): FoundColumns | undefined
  /** What a row says. What is wrong with it is left in the row. */
  map(row: Row, shop: Shop): MappedRecord
}

/** A column's name as compared: case, spaces, underscores and other signs ignored. */
export function columnKey(name: string): string {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '')
}
