import { type CreditDraft, tidy } from '../../books/draft.ts'
import type { Money } from '../../schemas.ts'
import { contributors, distinctCredits } from '../fields/contributors.ts'
import { publicationDate } from '../fields/day.ts'
import { format } from '../fields/format.ts'
import { language } from '../fields/language.ts'
import { stock, wholeNumber } from '../fields/numbers.ts'
import { line, text } from '../fields/read.ts'
import { subjects } from '../fields/subjects.ts'
import type { FeedFields, Layout, Shop } from './layout.ts'
import { readCredits, readSubjects } from './lists.ts'
import { plainColumn } from './plain-columns.ts'
import type { Row } from './row.ts'

/** A table with a column for each thing it says of a book, in any order and under their usual names. */
export const plain: Layout = {
  name: 'plain',
  source: null,

  recognise(first) {
    const columns = first.map((name) => plainColumn(name) ?? null)
    return columns.includes('title') ? { columns, isHeader: true } : undefined
  },

  map: (row, shop) => ({
    recordId: row.text('recordId') || null,
    fields: {
      isbn13: row.readIsbn(['isbn']),
      title: row.read('title', line, 'title') ?? undefined,
      subtitle: row.read('subtitle', line, 'subtitle'),
      contributors: credits(row),
      publisher: row.read('publisher', (name) => ({ value: { name: tidy(name) } }), 'publisher'),
      ...publication(row),
      language: row.read('language', language),
      format: row.read('format', format),
      pages: row.read('pages', wholeNumber, 'pages'),
      subjects: readSubjects(row, 'subjects', subjects),
      description: row.read('description', text, 'description'),
      price: price(row, shop),
      inStock: row.read('stock', stock) ?? undefined,
      popularity: row.read('popularity', wholeNumber, 'popularity') ?? undefined,
      coverUrl: row.read('coverUrl', line, 'coverUrl'),
    },
  }),
}

const creditColumns = [
  ['contributors', 'author'],
  ['editor', 'editor'],
  ['translator', 'translator'],
  ['illustrator', 'illustrator'],
  ['narrator', 'narrator'],
] as const

function credits(row: Row): CreditDraft[] | undefined {
  const lists = creditColumns.flatMap(([column, role]) => {
    const list = readCredits(row, column, (names) => contributors(names, role))
    return list ? [list] : []
  })
  return lists.length === 0 ? undefined : distinctCredits(lists.flat())
}

/** The year is the one given; else the date's, which may be no more than a year. */
function publication(row: Row): Pick<FeedFields, 'year' | 'publishedOn'> {
  const date = row.read('publishedOn', publicationDate)
  const given = row.read('year', wholeNumber, 'year')
  return { year: given ?? date?.year ?? given, publishedOn: date === null ? null : date?.day }
}

function price(row: Row, shop: Shop): Money | null | undefined {
  const currency = row.text('currency') || null
  return row.read('price', (value) => shop.price(value, currency), 'price')
}
