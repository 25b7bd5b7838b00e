/** Formats of which no copies are counted and nothing is shipped. */
export function isDigital(format: string | null): boolean {
  return format === 'ebook'
}

/** Grams of a page (half a leaf) of a usual book, of its cover, and of one whose pages are not known. */
const gramsPerPage = 1.1
const cover: Record<string, number> = { hardback: 220 }
const usualCover = 60
const usual = 400

/** What a copy weighs with its wrapping, in grams, estimated where it was not said. */
export function weightOf(
  book: { format: string | null; pages: number | null },
  known: number | null,
): number {
  if (isDigital(book.format)) return 0
  if (known !== null) return known
  if (book.pages === null) return usual
  return Math.round(book.pages * gramsPerPage) + (cover[book.format ?? ''] ?? usualCover)
}
