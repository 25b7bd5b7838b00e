import { sql } from '@colophon/postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CatalogHarness, startCatalog } from './harness.ts'
import { addBook, removeBook } from './support/books.ts'

let shop: CatalogHarness
let today = '2026-05-01'

beforeAll(async () => {
  shop = await startCatalog({ now: () => new Date(`${today}T12:00:00Z`) })
})
afterAll(() => shop.stop())

const unknown = '018f0000-0000-7000-8000-000000000001'

async function forSale(id: string) {
  const [book] = await shop.catalog.client.booksForSale([id])
  return book
}

interface Price {
  amount: number
  type: string
  currency?: string
  from?: string
  until?: string
}

/** A price as a feed gives it. */
async function feedPrice(id: string, { amount, type, ...more }: Price): Promise<void> {
  const { currency = 'EUR', from = '-infinity', until = 'infinity' } = more
  await shop.test.database.query(sql`
    insert into catalog.prices (book_id, type, currency, valid_from, valid_until, amount)
    values (${id}, ${type}, ${currency}, ${from}, ${until}, ${amount})`)
}

describe('books for sale', () => {
  it('have what an order has to know', async () => {
    const book = await addBook(shop, {
      title: 'For sale',
      isbn13: '9780439023481',
      contributors: [{ name: 'Ed Itor', role: 'editor' }, { name: 'Ann Author' }, { name: 'Bo Author' }],
      publisher: { name: 'House' },
      format: 'paperback',
      pages: 320,
      publishedOn: '2026-06-01',
      availability: 'preorder',
      price: { amount: 1299, currency: 'EUR' },
      description: 'Long text',
    })
    const [, ...authors] = book.contributors
    expect(await forSale(book.id)).toEqual({
      id: book.id,
      isbn13: '9780439023481',
      title: 'For sale',
      format: 'paperback',
      pages: 320,
      publishedOn: '2026-06-01',
      availability: 'preorder',
      authors: authors.map(({ id, name }) => ({ id, name })),
      publisher: book.publisher,
      price: { amount: 1299, currency: 'EUR', includesTax: true },
    })
  })

  it('may have hardly anything', async () => {
    const { id } = await addBook(shop, { title: 'Bare' })
    const nothing = {
      isbn13: null,
      format: null,
      pages: null,
      publishedOn: null,
      publisher: null,
      price: null,
    }
    expect(await forSale(id)).toEqual({ ...nothing, id, title: 'Bare', availability: 'unknown', authors: [] })
  })

  it('name all contributors, each once, where nobody is an author', async () => {
    const { id, contributors } = await addBook(shop, {
      title: 'Anthology',
      contributors: [
        { name: 'Ed Itor', role: 'editor' },
        { name: 'Tess Lator', role: 'translator' },
        { name: 'Ed Itor', role: 'introduction' },
      ],
    })
    const names = (await forSale(id))?.authors.map(({ name }) => name)
    expect(contributors).toHaveLength(3)
    expect(names).toEqual(['Ed Itor', 'Tess Lator'])
  })

  it('come many at once; those that are unknown or deleted are left out', async () => {
    const one = await addBook(shop, { title: 'One' })
    const two = await addBook(shop, { title: 'Two' })
    const deleted = await addBook(shop, { title: 'Deleted' })
    await removeBook(shop, deleted)
    const ids = [two.id, unknown, one.id, deleted.id, two.id]
    const books = await shop.catalog.client.booksForSale(ids)
    expect(books.map(({ title }) => title).sort()).toEqual(['One', 'Two'])
    expect(await shop.catalog.client.booksForSale([])).toEqual([])
  })

  it('cost what holds today, and say whether tax is in it', async () => {
    const { id } = await addBook(shop, { title: 'Priced' })
    const price = async () => (await forSale(id))?.price
    await feedPrice(id, { amount: 700, type: 'rrp_including_tax', currency: 'CHF' })
    expect(await price()).toBeNull()
    await feedPrice(id, { amount: 1000, type: 'rrp_excluding_tax' })
    expect(await price()).toEqual({ amount: 1000, currency: 'EUR', includesTax: false })
    await feedPrice(id, { amount: 900, type: 'fixed_excluding_tax', from: '2026-05-02', until: '2026-05-04' })
    await feedPrice(id, { amount: 1070, type: 'fixed_including_tax', from: '2026-05-03' })
    const days: [string, number, boolean][] = [
      ['2026-05-01', 1000, false],
      ['2026-05-02', 900, false],
      ['2026-05-03', 1070, true],
    ]
    for (const [day, amount, includesTax] of days) {
      today = day
      expect(await price()).toEqual({ amount, currency: 'EUR', includesTax })
      expect((await shop.send('GET', `/api/books/${id}`)).body.price).toEqual({ amount, currency: 'EUR' })
    }
  })
})

describe('ids of books by ISBN', () => {
  it('leave out what no book has, or a deleted one', async () => {
    const one = await addBook(shop, { title: 'One', isbn13: '9780439554930' })
    const deleted = await addBook(shop, { title: 'Deleted', isbn13: '9780316015844' })
    await removeBook(shop, deleted)
    const ids = await shop.catalog.client.bookIdsByIsbn(['9780439554930', '9780316015844', '9780000000019'])
    expect(ids).toEqual(new Map([['9780439554930', one.id]]))
    expect(await shop.catalog.client.bookIdsByIsbn([])).toEqual(new Map())
  })
})
