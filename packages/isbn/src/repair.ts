import type { Isbn } from './isbn.ts'
import { bareNumber, type IsbnErrorCode, type IsbnResult, LONGEST_TEXT, parseIsbn } from './parse.ts'

/** What was undone. All but `leading_zeros` lose no digit, so that the number is as certain as one read as text. */
export type Repair =
  /** Excel's ways to keep a text a text: `="0439023483"`, `'0439023483`, `"0439023483"`. */
  | 'text_marker'
  /** A number with a decimal part of zeros: `9780439023481.0`. */
  | 'decimal_point'
  /** A number grouped for reading: `9,780,439,023,481`, `9.780.439.023.481`. */
  | 'thousands_separators'
  /** A number in scientific notation with every digit still there: `9.780439023481E12`. */
  | 'scientific_notation'
  /** An ISBN-10 that was read as a number: `439023483`. Likely, not certain: see `repairIsbn`. */
  | 'leading_zeros'

export type RepairResult =
  /** As written, it is an ISBN. */
  | { readonly kind: 'valid'; readonly isbn: Isbn }
  /** It was one before a spreadsheet saved it; `repairs` in the order they were undone, `note` for people. */
  | {
      readonly kind: 'repaired'
      readonly isbn: Isbn
      readonly repairs: readonly Repair[]
      readonly note: string
    }
  /** It may have been one, but digits are gone (`9.78E+12`). Only the source can give them back. */
  | { readonly kind: 'destroyed'; readonly note: string }
  /** Nothing, zero, or a word for nothing (`N/A`, `NULL`, `nan`). */
  | { readonly kind: 'missing' }
  /** Not an ISBN, for the reason `parseIsbn` gives, here of the text as far as it could be undone. */
  | { readonly kind: 'invalid'; readonly code: IsbnErrorCode; readonly message: string }

const NOTHING = /^(?:[-–—]*|0+|#?n\/?a|\\n|null|none|nan|nil)$/i

const ISSN = /^\d{4}-\d{3}[\dX]$/i

// In this order: a text marker can hold any of the others, and grouped thousands can have decimals.
const LOSSLESS: readonly (readonly [Repair, RegExp])[] = [
  ['text_marker', /^(?:="?|["'‘’“”])(?<number>.*?)["'‘’“”]?$/],
  ['decimal_point', /^(?<number>\d.*)[.,]0{1,2}$/],
  ['thousands_separators', /^(?<number>\d{1,3}(?<mark>[.,'’])\d{3}(?:\k<mark>\d{3})+)$/],
]

const NOTES: Record<Repair, string> = {
  text_marker: 'the marks of a text cell dropped',
  decimal_point: 'decimal zeros dropped',
  thousands_separators: 'thousands separators dropped',
  scientific_notation: 'written out from scientific notation, which kept every digit',
  leading_zeros: 'leading zeros put back: the check digit fits, as it does for one wrong number in eleven',
}

const SCIENTIFIC = /^(?<whole>\d+)(?:[.,](?<fraction>\d*))?e\+?(?<exponent>\d{1,3})$/i

/**
 * Reads one ISBN out of a table that may have been through a spreadsheet, and says how sure it is: `valid` is what
 * `parseIsbn` accepts, `repaired` is what leads to an ISBN whose check digit fits once the damage is undone.
 *
 * Lost leading zeros are put back before 7 to 9 characters if the check digit then fits. It also fits for one wrong
 * number in eleven, and for every ISSN of eight characters (the weights are the same), so an importer should look
 * for a second column that agrees. Text that still starts with 0 has not lost its zeros and is left alone, and so
 * is an ISSN in its own spelling (1234-5679).
 *
 * Scientific notation is accepted only with all its digits written out. Twelve of thirteen are `destroyed` too: for
 * about three numbers in five the rounding and the check digit leave two candidates. Never throws.
 */
export function repairIsbn(text: string): RepairResult {
  const written = parseIsbn(text)
  if (written.ok) return { kind: 'valid', isbn: written.isbn }
  if (written.code === 'isbn_missing') return { kind: 'missing' }

  const trimmed = text.trim()
  if (trimmed.length > LONGEST_TEXT) return { kind: 'invalid', code: written.code, message: written.message }
  const repairs: Repair[] = []
  let number = undoLossless(trimmed, repairs)
  if (NOTHING.test(number)) return { kind: 'missing' }

  const scientific = number.match(SCIENTIFIC)?.groups
  if (scientific) {
    const { whole = '', fraction = '', exponent } = scientific
    const length = whole.length + Number(exponent)
    const kept = whole.length + fraction.length
    if (kept < length && length >= 7 && length <= 13) {
      return {
        kind: 'destroyed',
        note: `${number} keeps ${kept} of ${length} digits; export the column as text`,
      }
    }
    if (kept === length) {
      number = whole + fraction
      repairs.push('scientific_notation')
    }
  }

  const undone = parseIsbn(number)
  if (undone.ok) return repaired(undone.isbn, repairs)
  const padded = padZeros(number)
  if (padded?.ok) return repaired(padded.isbn, [...repairs, 'leading_zeros'])
  const { code, message } = padded ?? undone
  return { kind: 'invalid', code, message }
}

function undoLossless(text: string, repairs: Repair[]): string {
  let rest = text
  for (const [repair, pattern] of LOSSLESS) {
    const { number, mark } = rest.match(pattern)?.groups ?? {}
    if (number === undefined) continue
    rest = (mark ? number.replaceAll(mark, '') : number).trim()
    repairs.push(repair)
  }
  return rest
}

function padZeros(text: string): IsbnResult | null {
  const number = bareNumber(text)
  if (ISSN.test(text) || !/^[1-9]\d{5,7}[\dX]$/.test(number)) return null
  return parseIsbn(number.padStart(10, '0'))
}

function repaired(isbn: Isbn, repairs: readonly Repair[]): RepairResult {
  return { kind: 'repaired', isbn, repairs, note: repairs.map((repair) => NOTES[repair]).join('; ') }
}
