import { bad, type Check, type Checks, checkOptions } from './check.ts'

/**
 * The options in a URL's query, as text. One that nobody knows is refused, as by kombu.
 * @param checks one for each of its options, under kombu's name where that has one
 * @param of whose URL it is, as the message is to say it
 * @throws CeleryError `BAD_OPTION`, naming the option
 */
export function readQuery<Query extends { readonly [name: string]: string | undefined }>(
  url: URL,
  checks: Checks<Query>,
  of: string,
): Query {
  // It may be the rest of a password, which no message may show.
  if (url.search.includes('@')) {
    throw bad('query', 'has an @: a ? or @ in a password, or in an option, is written %3F or %40', of)
  }
  const given = Object.fromEntries(url.searchParams) as Query
  checkOptions(given, checks, of)
  return given
}

/** A number written as text. */
export function numeral({ expected, fits }: Check): Check {
  return {
    expected,
    fits: (value) => typeof value === 'string' && value.trim() !== '' && fits(Number(value)),
  }
}

/** The number of an option that `numeral` has let through; undefined for none. */
export function numberIn(given: string | undefined): number | undefined {
  return given === undefined ? undefined : Number(given)
}
