import { sql } from '@colophon/postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Book } from '../src/schemas.ts'
import { type CatalogHarness, startCatalog } from './harness.ts'
import { importText } from './import-harness.ts'
import { addBook, historyOf, isbnFrom, patchBook, readBook, removeBook } from './support/books.ts'

let shop: CatalogHarness

beforeAll(async () => {
  shop = await startCatalog()
})
afterAll(() => shop.stop())

const actor = '018f0000-0000-7000-8000-00000000000b'
const euros = (amount: number) => ({ amount, currency: 'EUR' })

/** That a book costs so much, as a delivery says it. */
const setPrice = ({ id }: Pick<Book, 'id'>, amount: number, sequence: number, saidAt = now()) =>
  shop.catalog.client.setPrice({ bookId: id, price: euros(amount), actor, sequence, saidAt })
const now = () => new Date().toISOString()

describe('a price that comes with a delivery', () => {
  it('is what staff would have made of it: a version and an entry of history', async () => {
    const book = await addBook(shop, { title: 'Priced', pages: 9, price: euros(999) })
    await setPrice(book, 1299, 1)
    const priced = await readBook(shop, book.id)
    expect(priced).toEqual({ ...book, price: euros(1299), version: 2, updatedAt: priced.updatedAt })
    expect((await historyOf(shop, book.id)).at(-1)).toMatchObject({
      version: 2,
      actor,
      action: 'priced',
      changes: { price: [euros(999), euros(1299)] },
    })
    expect(await shop.catalog.client.booksForSale([book.id])).toMatchObject([
      { price: { ...euros(1299), includesTax: true } },
    ])
  })

  it('stays when a feed says otherwise, as what staff said does', async () => {
    const isbn13 = isbnFrom(1)
    const feed = (price: string, title: string) =>
      importText(shop.catalog.deps, `isbn,title,price\n${isbn13},${title},${price}\n`, { source: 'feed' })
    await feed('9.99', 'First')
    const book = await readBook(shop, isbn13)
    await setPrice(book, 1299, 1)
    await feed('8.88', 'Second')
    expect(await readBook(shop, isbn13)).toMatchObject({ title: 'Second', price: euros(1299) })
  })

  it('that the book has already changes nothing', async () => {
    const book = await addBook(shop, { title: 'Same', price: euros(1299) })
    await setPrice(book, 1299, 1)
    expect(await readBook(shop, book.id)).toEqual(book)
  })

  it('is dropped when it is a repeat or an older one: what staff have said since stays', async () => {
    const book = await addBook(shop, { title: 'Repeated' })
    await setPrice(book, 1299, 5)
    await patchBook(shop, await readBook(shop, book.id), { price: euros(1500) })
    for (const sequence of [5, 4]) await setPrice(book, 1299, sequence)
    expect(await readBook(shop, book.id)).toMatchObject({ price: euros(1500), version: 3 })
    await setPrice(book, 1299, 6)
    expect(await readBook(shop, book.id)).toMatchObject({ price: euros(1299), version: 4 })
  })

  it('that comes late does not undo what staff have said since, but an earlier delivery that came late', async () => {
    const book = await addBook(shop, { title: 'Late', price: euros(999) })
    const [first, second] = ['2026-03-01T10:00:00.000Z', now()]
    await patchBook(shop, await readBook(shop, book.id), { title: 'Late, not about the price' })
    await setPrice(book, 1299, 1, now())
    await setPrice(book, 1399, 2, second)
    expect(await readBook(shop, book.id)).toMatchObject({ price: euros(1399), version: 4 })
    await patchBook(shop, await readBook(shop, book.id), { price: euros(1500) })
    expect(await setPrice(book, 1299, 3, first)).toEqual({ isOvertaken: true })
    expect(await setPrice(book, 1299, 4, second)).toEqual({ isOvertaken: true })
    expect(await readBook(shop, book.id)).toMatchObject({ price: euros(1500), version: 5 })
    await setPrice(book, 1299, 5)
    expect(await readBook(shop, book.id)).toMatchObject({ price: euros(1299), version: 6 })
  })

  it('counts for a book whose sample price is taken away before it arrives, and when nobody says its time', async () => {
    const book = await addBook(shop, { title: 'Of the sample', price: euros(999) })
    const saidAt = now()
    await shop.test.database.query(sql`
      insert into catalog.book_history (book_id, version, at, actor, action, changes)
      values (${book.id}, 100, now() + interval '1 minute', 'import:sample', 'patched', '{"price": [null, null]}')`)
    await setPrice(book, 1299, 1, saidAt)
    expect(await readBook(shop, book.id)).toMatchObject({ price: euros(1299) })
    await patchBook(shop, await readBook(shop, book.id), { price: euros(1500) })
    await shop.catalog.client.setPrice({ bookId: book.id, price: euros(1299), actor, sequence: 2 })
    expect(await readBook(shop, book.id)).toMatchObject({ price: euros(1299) })
  })

  it('is set once when it comes many times at once', async () => {
    const book = await addBook(shop, { title: 'At once' })
    await Promise.all(Array.from({ length: 5 }, (_, index) => setPrice(book, 1300 + index, 1)))
    expect(await readBook(shop, book.id)).toMatchObject({ version: 2 })
  })

  it('of a book that is deleted or unknown changes nothing', async () => {
    const book = await addBook(shop, { title: 'Deleted' })
    await removeBook(shop, book)
    const all = sql`select id, version, price_sequence from catalog.books order by id`
    const before = await shop.test.database.query(all)
    await setPrice(book, 1299, 1)
    await setPrice({ id: '018f0000-0000-7000-8000-000000000001' }, 1299, 1)
    expect(await shop.test.database.query(all)).toEqual(before)
  })

  it('in another currency is refused, and nothing is kept of it', async () => {
    const book = await addBook(shop, { title: 'Abroad' })
    const price = { amount: 1299, currency: 'USD' }
    const refused = shop.catalog.client.setPrice({
      bookId: book.id,
      price,
      actor,
      sequence: 1,
      saidAt: now(),
    })
    await expect(refused).rejects.toMatchObject({ code: 'book_invalid' })
    expect(await readBook(shop, book.id)).toEqual(book)
    await setPrice(book, 1299, 1)
    expect(await readBook(shop, book.id)).toMatchObject({ price: euros(1299) })
  })
})
