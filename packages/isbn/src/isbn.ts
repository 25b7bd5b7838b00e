/**
 * A book's number (ISO 2108), checked: whoever holds one need not check it again. Both forms are bare digits
 * (the tenth may be `X`), so two editions are the same exactly if their `isbn13` are equal.
 */
export interface Isbn {
  readonly isbn13: string
  /** The form from before 2007. Null under 979, which has none. */
  readonly isbn10: string | null
}

/** The last character of an ISBN-10 from the nine digits before it: weights 10 to 2, modulo 11, ten is `X`. */
export function checkDigit10(nine: string): string {
  let sum = 0
  for (let place = 0; place < 9; place++) sum += (10 - place) * Number(nine[place])
  const digit = (11 - (sum % 11)) % 11
  return digit === 10 ? 'X' : String(digit)
}

/** The last digit of an ISBN-13 (an EAN-13) from the twelve before it: weights 1 and 3 in turn, modulo 10. */
export function checkDigit13(twelve: string): string {
  let sum = 0
  for (let place = 0; place < 12; place++) sum += (place % 2 === 0 ? 1 : 3) * Number(twelve[place])
  return String((10 - (sum % 10)) % 10)
}

/**
 * The ISBN-13 of an ISBN-10: 978, the nine digits, a new check digit.
 * Takes the bare form (`043902348X`), as `parseIsbn` gives it; throws a RangeError on any other text.
 */
export function toIsbn13(isbn10: string): string {
  if (!/^\d{9}[\dX]$/.test(isbn10))
    throw new RangeError('toIsbn13 takes ten bare characters; parseIsbn gives them')
  const twelve = `978${isbn10.slice(0, 9)}`
  return twelve + checkDigit13(twelve)
}

/**
 * The ISBN-10 of an ISBN-13, or null if it has none (979).
 * Takes the bare form (`9780439023481`), as `parseIsbn` gives it; throws a RangeError on any other text.
 */
export function toIsbn10(isbn13: string): string | null {
  if (!/^97[89]\d{10}$/.test(isbn13))
    throw new RangeError('toIsbn10 takes 13 bare digits; parseIsbn gives them')
  if (isbn13.startsWith('979')) return null
  const nine = isbn13.slice(3, 12)
  return nine + checkDigit10(nine)
}
