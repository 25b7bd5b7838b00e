import { tidy } from '../../books/draft.ts'
import { line } from '../fields/read.ts'
import { keyword } from '../fields/subjects.ts'
import type { Layout } from './layout.ts'
import { readCredits, readSubjects } from './lists.ts'
import type { Row } from './row.ts'

const columns = ['asin', 'fileName', 'imageUrl', 'title', 'author', 'categoryId', 'category']

/** Amazon's article number; a book's is its ISBN-10, whose leading zeros these files have lost. */
const asin = /^[0-9A-Z]{7,10}$/

/**
 * The listings of Uchida Lab's Book Cover Dataset (https://github.com/uchidalab/book-dataset), book30 and
 * book32: no header; ASIN, name of the cover's file, its address, title, author, and the category with its
 * number. The name of the file has the ASIN whole.
 */
export const book30: Layout = {
  name: 'book30',
  source: 'book30',

  recognise(first) {
    const [number = '', fileName = '', address = ''] = first
    const isListing = asin.test(number) && /^[0-9A-Z]{10}\.jpg$/.test(fileName) && /^https?:/.test(address)
    return isListing && first.length === columns.length ? { columns, isHeader: false } : undefined
  },

  map(row) {
    const recordId =
      (row.text('fileName')?.replace(/\.jpg$/, '') || row.text('asin')?.padStart(10, '0')) ?? ''
    return {
      recordId: recordId || null,
      fields: {
        isbn13: isbn(row, recordId),
        title: row.read('title', line, 'title') ?? undefined,
        contributors: readCredits(row, 'author', (name) => [{ name: tidy(name), role: 'author' }]),
        coverUrl: row.read('imageUrl', line, 'coverUrl'),
        subjects: readSubjects(row, 'category', (category) => [keyword(tidy(category))]),
      },
    }
  },
}

/** An article that is not known by an ISBN-10 has none here; that is nothing to warn of. */
function isbn(row: Row, recordId: string): string | null | undefined {
  if (/^\d{9}[\dX]$/.test(recordId)) {
    return row.readIsbn(['asin', 'fileName'], (cell) => cell.replace(/\.jpg$/, ''))
  }
  row.readIsbn([])
  return null
}
