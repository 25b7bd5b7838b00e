import { tidy } from '../../books/draft.ts'
import type { NamedCredit } from '../fields/contributors.ts'
import { language } from '../fields/language.ts'
import { wholeNumber } from '../fields/numbers.ts'
import { line, type Read } from '../fields/read.ts'
import { titleAndSeries } from '../fields/series.ts'
import { columnKey, type FeedFields, type Layout } from './layout.ts'
import { readCredits } from './lists.ts'
import type { Row } from './row.ts'

/** What other tables of books do not have. */
const marks = ['work_id', 'best_book_id', 'authors', 'original_publication_year', 'title'].map(columnKey)

const used = new Map(
  [
    'goodreads_book_id',
    'book_id',
    'isbn',
    'isbn13',
    'title',
    'authors',
    'original_publication_year',
    'language_code',
    'ratings_count',
    'image_url',
  ].map((name) => [columnKey(name), name]),
)

/**
 * books.csv of goodbooks-10k (https://github.com/zygmuntz/goodbooks-10k). A record is known by Goodreads' own
 * id of the book, which the files of tags and other exports from Goodreads have too; `book_id` only numbers
 * the rows of this file. (In the edition on Kaggle it is `id` that numbers them, and `book_id` is
 * Goodreads'.)
 */
export const goodbooks: Layout = {
  name: 'goodbooks',
  source: 'goodbooks',

  recognise(first) {
    const keys = first.map(columnKey)
    if (!marks.every((mark) => keys.includes(mark))) return undefined
    const unused = keys.includes('goodreadsbookid') ? 'bookid' : undefined
    return { columns: keys.map((key) => (key === unused ? null : (used.get(key) ?? null))), isHeader: true }
  },

  map: (row) => ({
    recordId: (row.text('goodreads_book_id') ?? row.text('book_id')) || null,
    fields: {
      isbn13: row.readIsbn(['isbn', 'isbn13']),
      ...titles(row),
      contributors: readCredits(row, 'authors', authors),
      year: row.read('original_publication_year', wholeNumber, 'year'),
      language: row.read('language_code', language),
      coverUrl: row.read('image_url', cover, 'coverUrl'),
      popularity: row.read('ratings_count', wholeNumber, 'popularity') ?? undefined,
    },
  }),
}

/** The series is the subtitle, as it is in the sample catalogue. */
function titles(row: Row): Pick<FeedFields, 'title' | 'subtitle'> {
  const whole = row.read('title', line, 'title')
  if (!whole) return {}
  const { title, series } = titleAndSeries(whole)
  return { title, subtitle: series }
}

/** Goodbooks does not tell authors from translators, illustrators and editors: all count as authors. */
function authors(text: string): NamedCredit[] {
  return text.split(',').map((name) => ({ name: tidy(name), role: 'author' }))
}

/** Where there is no cover, goodbooks has the address of a picture that says so. */
function cover(address: string): Read<string | null> {
  return address.includes('/nophoto/') ? { value: null } : line(address)
}
