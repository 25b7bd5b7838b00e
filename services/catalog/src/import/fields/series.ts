/** A title without its series, and the series: `The Hunger Games, #1`. */
export interface TitleAndSeries {
  title: string
  /** Null when the title names none. */
  series: string | null
}

/**
 * Splits a title as Goodreads writes it, tidied to one line. The series stands in the last parentheses, with a
 * number sign: `Dune (Dune Chronicles #1)`. Parentheses without one are a part of the title.
 */
export function titleAndSeries(text: string): TitleAndSeries {
  const { title = text, series = null } =
    text.match(/^(?<title>.+?) ?\((?<series>(?:[^()]|\([^()]*\))+#\d[^()]*)\)$/)?.groups ?? {}
  return { title, series }
}
