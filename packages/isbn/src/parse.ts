import { checkDigit10, checkDigit13, type Isbn, toIsbn10, toIsbn13 } from './isbn.ts'

/** Why a text is not an ISBN. Callers branch on the code; the message is for people. */
export type IsbnErrorCode =
  /** Nothing there, or the placeholder 0000000000. */
  | 'isbn_missing'
  /** A character that no ISBN has; an X that is not the tenth of ten. */
  | 'isbn_characters'
  /** Neither 10 nor 13 digits. */
  | 'isbn_length'
  /** Thirteen digits that number something else: not 978 or 979, or 979-0 (ISMN, sheet music). */
  | 'isbn_prefix'
  /** The last digit does not fit the others: a digit is wrong, or two changed places. */
  | 'isbn_check_digit'

export interface IsbnError {
  readonly ok: false
  readonly code: IsbnErrorCode
  /** One line that says what was found and what was expected. */
  readonly message: string
}

export type IsbnResult = { readonly ok: true; readonly isbn: Isbn } | IsbnError

/** The longest honest text is some thirty characters; beyond this nothing is read, so a megabyte costs nothing. */
export const LONGEST_TEXT = 64

// "ISBN", "ISBN:", "ISBN-13:", "ISBN 10", "eISBN", "urn:isbn:" (RFC 8254). The 13 of "ISBN 1338..." is no label.
const LABEL = /^(?:urn:isbn:|e-?isbn|isbn)(?:[-\s]?1[03](?![\dX]))?[\s:]*/i

/**
 * Reads one ISBN as people write it: 10 or 13 digits with hyphens, dashes or spaces anywhere, after `ISBN`,
 * `ISBN-13:` or `urn:isbn:`, the X in either case, full-width digits, and the invisible characters that web pages
 * put around numbers. It corrects nothing; what a spreadsheet did to a number is `repairIsbn`'s business.
 * Groups and ranges that the agency has not assigned yet are accepted. Never throws.
 */
export function parseIsbn(text: string): IsbnResult {
  const trimmed = text.trim()
  if (trimmed.length > LONGEST_TEXT) {
    return error('isbn_length', `${trimmed.length} characters; an ISBN has 10 or 13 digits`)
  }
  const number = bareNumber(trimmed)
  if (number === '') return error('isbn_missing', 'there is no ISBN')
  const alien = number.match(/[^\dX]/u)?.[0]
  if (alien !== undefined) {
    return error('isbn_characters', `an ISBN cannot contain ${JSON.stringify(alien)} (${codePoint(alien)})`)
  }
  if (/X./.test(number) || /^.{12}X$/.test(number)) {
    return error('isbn_characters', 'X can only be the last of ten characters')
  }
  if (number.length === 10) return checkTen(number)
  if (number.length === 13) return checkThirteen(number)
  return error('isbn_length', `${number.length} digits; an ISBN has 10 or 13`)
}

/** What is left of a text without label and separators; the X in upper case. For texts of bounded length. */
export function bareNumber(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .trim()
    .replace(LABEL, '')
    .replace(/[\s\p{Pd}\u2212]/gu, '')
    .replaceAll('x', 'X')
}

function checkTen(isbn10: string): IsbnResult {
  // Its check digit fits, so that every book without a number would become the same book.
  if (isbn10 === '0000000000') return error('isbn_missing', '0000000000 stands for no ISBN')
  const expected = checkDigit10(isbn10.slice(0, 9))
  if (!isbn10.endsWith(expected)) return wrongCheckDigit(isbn10, expected)
  return { ok: true, isbn: { isbn13: toIsbn13(isbn10), isbn10 } }
}

function checkThirteen(isbn13: string): IsbnResult {
  const prefix = isbn13.slice(0, 3)
  if (prefix !== '978' && prefix !== '979') {
    return error(
      'isbn_prefix',
      `an ISBN of 13 digits starts with 978 or 979; ${prefix} is another article's EAN`,
    )
  }
  if (isbn13.startsWith('9790')) return error('isbn_prefix', '979-0 is an ISMN: sheet music, not a book')
  const expected = checkDigit13(isbn13.slice(0, 12))
  if (!isbn13.endsWith(expected)) return wrongCheckDigit(isbn13, expected)
  return { ok: true, isbn: { isbn13, isbn10: toIsbn10(isbn13) } }
}

function wrongCheckDigit(number: string, expected: string): IsbnError {
  const found = number.at(-1)
  return error(
    'isbn_check_digit',
    `${number} ends in ${found} where its other digits ask for ${expected}: a digit is wrong`,
  )
}

function codePoint(character: string): string {
  return `U+${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}`
}

function error(code: IsbnErrorCode, message: string): IsbnError {
  return { ok: false, code, message }
}
