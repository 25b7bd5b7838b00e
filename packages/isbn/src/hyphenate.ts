import { parse } from 'isbn3'

/**
 * An ISBN-13 as it is printed, `978-0-439-02348-1`: prefix, registration group, registrant, publication, check
 * digit. Where the parts end is not in the number but in the International ISBN Agency's ranges, which grow
 * every few weeks; a number in a range that this version does not know comes back as it went in.
 */
export function hyphenate(isbn13: string): string {
  return parse(isbn13)?.isbn13h ?? isbn13
}
