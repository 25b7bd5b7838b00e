import { sql } from '@colophon/postgres'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { titleSort } from '../src/books/title-sort.ts'
import type { Book } from '../src/schemas.ts'
import { searchDocument } from '../src/search/document.ts'
import { nameKey } from '../src/search/words.ts'
import { type CatalogHarness, startCatalog } from './harness.ts'
import { historyOf } from './support/books.ts'
import { commands } from './support/commands.ts'
import { allOf } from './support/listing.ts'
import { live, type Model } from './support/model.ts'

let shop: CatalogHarness

beforeAll(async () => {
  shop = await startCatalog()
})

afterAll(() => shop.stop())

describe('the catalogue', () => {
  it('does what a few lines of code say, whatever is done to it in whatever order', async () => {
    const property = fc
      .asyncProperty(commands, async (steps) => {
        const model: Model = { books: [] }
        await fc.asyncModelRun(() => ({ model, real: shop }), steps)
        await checkBooks(model)
        await checkSearchColumns(model)
      })
      .beforeEach(async () => {
        await shop.test.database.query(sql`delete from catalog.books`)
        await shop.test.database.query(sql`delete from catalog.words`)
      })
    // However slow the machine is, so many; then as many more as it does in this time.
    await fc.assert(property, { numRuns: 20 })
    await fc.assert(property, { numRuns: 100, interruptAfterTimeLimit: 8_000 })
  }, 60_000)
})

/** Each version of a book has its line of history, each ISBN its one book. */
async function checkBooks({ books }: Model): Promise<void> {
  for (const { id, version, deleted } of books) {
    const history = await historyOf(shop, id)
    expect(history.map((entry) => entry.version)).toEqual(
      Array.from({ length: version }, (_, index) => index + 1),
    )
    expect(history[0]).toMatchObject({ action: 'created', changes: {} })
    expect(history.at(-1)?.action === 'deleted').toBe(deleted)
    for (const { action, changes } of history) {
      if (action === 'patched' || action === 'replaced') expect(Object.keys(changes)).not.toHaveLength(0)
    }
  }
  const identifiers = await shop.test.database.query<{ id: string; value: string }>(
    sql`select book_id as id, value from catalog.identifiers order by value`,
  )
  const expected = books.flatMap(({ id, content: { isbn13 } }) =>
    isbn13 === null ? [] : [{ id, value: isbn13 }],
  )
  expect(identifiers).toEqual(expected.sort((a, b) => (a.value < b.value ? -1 : 1)))
}

/** What is worked out from a book is what would be worked out from it now. */
async function checkSearchColumns(model: Model): Promise<void> {
  const books = await allOf(shop, { limit: 100 })
  expect(books).toHaveLength(live(model).length)
  for (const book of books) {
    const { vector, vocabulary } = searchDocument({ ...book, subjects: await subjectsOf(book) })
    const row = await shop.test.database.one(sql`
      select search = ${vector}::tsvector as "isFound", title_sort as "titleSort", title_key as "titleKey",
        price_today as price, (select count(*) from unnest(${vocabulary}::text[]) as word
          where word not in (select word from catalog.words)) as unlearnt
      from catalog.books where id = ${book.id}`)
    expect(row).toEqual({
      isFound: true,
      titleSort: titleSort(book.title, book.language),
      titleKey: nameKey(book.title),
      price: book.price?.amount ?? null,
      unlearnt: 0,
    })
  }
}

function subjectsOf({ id }: Book) {
  return shop.test.database.query<{ id: string; text: string }>(sql`
    select subject.id, subject.text from catalog.book_subjects place
    join catalog.subjects subject on subject.id = place.subject_id
    where place.book_id = ${id} order by place.position`)
}
