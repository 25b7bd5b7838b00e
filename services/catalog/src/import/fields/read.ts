import { tidy } from '../../books/draft.ts'

/**
 * What a cell says: a value, with a remark where it says less than it seems to, or why it says none. The code
 * is the field's own (`year_invalid`) when absent.
 */
export type Read<T> =
  | { value: T; remark?: { code: string; message: string } }
  | { problem: string; code?: string }

export type Parser<T> = (text: string) => Read<T>

/** A text of one line: composed letters, single spaces. */
export const line: Parser<string> = (text) => ({ value: tidy(text) })

/** A text that may have several lines, with composed letters. */
export const text: Parser<string> = (value) => ({ value: value.normalize('NFC') })

/** How tables write that there is nothing. */
const nothing = /^(?:\\N|null|#?n\/a|nan|none|nil)$/i

export function isNothing(cell: string): boolean {
  return cell === '' || nothing.test(cell)
}
