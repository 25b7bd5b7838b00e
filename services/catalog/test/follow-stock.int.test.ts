import { sql } from '@colophon/postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Book } from '../src/schemas.ts'
import { type CatalogHarness, startCatalog } from './harness.ts'
import { importText } from './import-harness.ts'
import { addBook, change, historyOf, isbnFrom, patchBook, readBook, removeBook } from './support/books.ts'
import { pageOf } from './support/listing.ts'
import { somebodyWaits } from './support/waits.ts'

let shop: CatalogHarness
let clock = Date.parse('2026-01-01T00:00:00Z')
let count = 0

beforeAll(async () => {
  shop = await startCatalog({ now: () => new Date(clock) })
})
afterAll(() => shop.stop())

const nextIsbn = () => isbnFrom(++count)

/** That copies of a book are left, or none, as the shop's stock says it. */
const follow = ({ id }: Pick<Book, 'id'>, inStock: boolean, sequence: number) =>
  shop.catalog.client.followStock({ bookId: id, inStock, sequence })

/** A book whose stock is followed: it has none, whatever anybody says. */
async function soldOut(fields: object = {}): Promise<Book> {
  const { id } = await addBook(shop, { title: 'Sold out', inStock: true, ...fields })
  await follow({ id }, false, 10)
  return readBook(shop, id)
}

const inStockWith = async (word: string) => (await pageOf(shop, { q: word, inStock: true })).items.length

describe('stock that is followed', () => {
  it('shows in the book, its version and time and the lists, and not in its history', async () => {
    const book = await addBook(shop, { title: 'Xylographer' })
    clock += 60_000
    await follow(book, true, 1)
    const updatedAt = new Date(clock).toISOString()
    const followed = await readBook(shop, book.id)
    expect(followed).toEqual({ ...book, inStock: true, version: 2, updatedAt })
    expect(await inStockWith('xylographer')).toBe(1)
    await follow(book, false, 2)
    expect(await readBook(shop, book.id)).toMatchObject({ inStock: false, version: 3 })
    expect(await inStockWith('xylographer')).toBe(0)
    expect(await historyOf(shop, book.id)).toMatchObject([{ version: 1, action: 'created' }])
    expect(await change(shop, 'PATCH', book, { title: 'Unseen' })).toMatchObject({ status: 412 })
  })

  it('is dropped when it is a repeat, or older than what was followed last', async () => {
    const book = await addBook(shop, { title: 'Repeated' })
    await follow(book, true, 5)
    for (const sequence of [5, 4, 1]) await follow(book, false, sequence)
    expect(await readBook(shop, book.id)).toMatchObject({ inStock: true, version: 2 })
    await follow(book, false, 6)
    expect(await readBook(shop, book.id)).toMatchObject({ inStock: false, version: 3 })
  })

  it('that is no news makes no version, and counts as followed', async () => {
    const book = await addBook(shop, { title: 'No news' })
    clock += 60_000
    await follow(book, false, 8)
    expect(await readBook(shop, book.id)).toEqual(book)
    await follow(book, true, 7)
    expect(await readBook(shop, book.id)).toEqual(book)
    expect((await patchBook(shop, book, { inStock: true })).inStock).toBe(false)
  })

  it('may be numbered beyond what an integer holds', async () => {
    const book = await addBook(shop, { title: 'Long ago' })
    await follow(book, true, Number.MAX_SAFE_INTEGER)
    await follow(book, false, Number.MAX_SAFE_INTEGER - 1)
    expect((await readBook(shop, book.id)).inStock).toBe(true)
  })

  it('of a book that is not there changes nothing', async () => {
    const all = sql`select id, version, stock_sequence from catalog.books order by id`
    const before = await shop.test.database.query(all)
    await follow({ id: '018f0000-0000-7000-8000-000000000001' }, true, 1)
    expect(await shop.test.database.query(all)).toEqual(before)
  })
})

describe('what others say of followed stock does not count', () => {
  it('when staff patch it: nothing else being said, there is no version', async () => {
    const book = await soldOut()
    expect(await patchBook(shop, book, { inStock: true })).toEqual(book)
    const edited = await patchBook(shop, book, { inStock: true, title: 'Edited' })
    expect(edited).toMatchObject({ title: 'Edited', inStock: false, version: book.version + 1 })
    expect((await historyOf(shop, book.id)).at(-1)?.changes).toEqual({ title: ['Sold out', 'Edited'] })
  })

  it('when staff replace the book, or bring it back', async () => {
    const book = await soldOut({ isbn13: nextIsbn() })
    const replaced = await change(shop, 'PUT', book, { title: 'Replaced', inStock: true })
    expect(replaced).toMatchObject({ status: 200, body: { title: 'Replaced', inStock: false } })
    await removeBook(shop, replaced.body)
    const headers = { 'if-none-match': '*' }
    const body = { title: 'Back', inStock: true }
    const back = await shop.send('PUT', `/api/books/${book.id}`, { as: 'staff', body, headers })
    expect(back).toMatchObject({ status: 201, body: { title: 'Back', inStock: false } })
  })

  it('when a feed comes: the rest of what it says counts', async () => {
    const isbn13 = nextIsbn()
    const other = nextIsbn()
    const feed = (title: string, stock: number) =>
      importText(
        shop.catalog.deps,
        `isbn,title,stock\n${isbn13},${title},${stock}\n${other},${title},${stock}\n`,
        { source: 'feed' },
      )
    await feed('First', 0)
    const { id } = await readBook(shop, isbn13)
    await follow({ id }, true, 1)
    expect((await feed('First', 3)).report.counts).toMatchObject({ updated: 1, unchanged: 1 })
    await feed('Second', 0)
    expect(await readBook(shop, isbn13)).toMatchObject({ title: 'Second', inStock: true, version: 3 })
    expect((await historyOf(shop, id)).at(-1)?.changes).toEqual({ title: ['First', 'Second'] })
    // Nobody counts copies of the other one.
    expect(await readBook(shop, other)).toMatchObject({ title: 'Second', inStock: false })
  })
})

describe('stock that comes while a book is deleted', () => {
  it('is there when it comes back', async () => {
    const isbn13 = nextIsbn()
    const book = await soldOut({ isbn13 })
    await removeBook(shop, book)
    await follow(book, true, 11)
    expect(await addBook(shop, { title: 'Back', isbn13 })).toMatchObject({ id: book.id, inStock: true })
  })
})

describe('at the same time', () => {
  it('of many changes in any order the last one counts, and edits go through', async () => {
    const isbn13 = nextIsbn()
    let book = await addBook(shop, { title: 'Busy', isbn13 })
    const changes = Array.from({ length: 20 }, (_, index) => ({
      sequence: index + 1,
      inStock: index % 2 === 1,
    }))
    const shuffled = changes.toSorted((a, b) => ((a.sequence * 7) % 20) - ((b.sequence * 7) % 20))
    const feed = `isbn,title,stock,pages\n${isbn13},Busy,0,321\n`
    const imported = importText(shop.catalog.deps, feed, { source: 'feed' })
    await Promise.all([imported, ...shuffled.map(({ inStock, sequence }) => follow(book, inStock, sequence))])
    book = await readBook(shop, isbn13)
    expect(book).toMatchObject({ inStock: true, pages: 321 })
    expect(await patchBook(shop, book, { inStock: false })).toEqual(book)
  })

  it('it waits for whoever writes the book, and nothing is lost', async () => {
    const book = await addBook(shop, { title: 'Held' })
    const { followed } = await shop.test.database.transaction(async (tx) => {
      await tx.query(sql`select from catalog.books where id = ${book.id} for update`)
      const followed = follow(book, true, 1)
      await somebodyWaits(shop)
      await tx.query(
        sql`update catalog.books set popularity = 7, version = version + 1 where id = ${book.id}`,
      )
      return { followed }
    })
    await followed
    expect(await readBook(shop, book.id)).toMatchObject({ popularity: 7, inStock: true, version: 3 })
  })

  it('an edit that waits for it sees what was followed', async () => {
    const book = await addBook(shop, { title: 'Held', inStock: true })
    const { edit } = await shop.test.database.transaction(async (tx) => {
      await tx.query(sql`update catalog.books set stock_sequence = 1, in_stock = false where id = ${book.id}`)
      const edit = patchBook(shop, book, { title: 'Edited' })
      await somebodyWaits(shop)
      return { edit }
    })
    expect(await edit).toMatchObject({ title: 'Edited', inStock: false })
  })
})

describe('the sample', () => {
  const sample = () => shop.catalog.sample

  /** A sample of as many books with copies, and one without. */
  async function loadBooks(many: number): Promise<Book[]> {
    const isbns = Array.from({ length: many + 1 }, nextIsbn)
    const rows = isbns.map((isbn13, index) => `${isbn13},Sample,9.99,${many - index}`)
    await importText(shop.catalog.deps, ['isbn,title,price,stock', ...rows].join('\n'), { source: 'sample' })
    return Promise.all(isbns.map((isbn13) => readBook(shop, isbn13)))
  }

  it('names its books in stock whose copies nobody counts, and of which nobody else says so', async () => {
    await sample().remove()
    const [one, two, staffs, fed, deleted] = await loadBooks(5)
    if (!one || !two || !staffs || !fed || !deleted) throw new Error('the sample has six books')
    await patchBook(shop, await patchBook(shop, staffs, { inStock: false }), { inStock: true })
    const feed = `isbn,title,stock\n${fed.isbn13},Sample,9\n`
    await importText(shop.catalog.deps, feed, { source: 'feed' })
    await removeBook(shop, deleted)
    const named = [one, two].map(({ id, isbn13 }) => ({ id, isbn13 }))
    expect(await sample().inStockBooks()).toEqual(named.toSorted((a, b) => (a.id < b.id ? -1 : 1)))
    await follow(one, true, 1)
    expect(await sample().inStockBooks()).toEqual([{ id: two.id, isbn13: two.isbn13 }])
  })

  it('does not change what is followed when it comes again, nor when it goes', async () => {
    await sample().remove()
    const { inserted } = await sample().load()
    const hungerGames = await readBook(shop, '9780439023481')
    await follow(hungerGames, false, 1)
    // As of an earlier sample, which is renewed.
    await shop.test.database.query(sql`
      update catalog.provenance set record_hash = null where source = 'sample' and book_id = ${hungerGames.id}`)
    expect(await sample().load()).toEqual({ inserted: 0, updated: 0, unchanged: inserted })
    expect((await readBook(shop, hungerGames.id)).inStock).toBe(false)
    await follow(hungerGames, true, 2)
    await patchBook(shop, await readBook(shop, hungerGames.id), { subtitle: 'By staff' })
    expect(await sample().remove()).toMatchObject({ kept: 1 })
    expect(await readBook(shop, hungerGames.id)).toMatchObject({ price: null, inStock: true })
    expect(Object.keys((await historyOf(shop, hungerGames.id)).at(-1)?.changes ?? {})).toEqual(['price'])
  })

  it('is gone when stock of it is heard of later', async () => {
    await sample().remove()
    const [one] = await loadBooks(1)
    if (!one) throw new Error('the sample has two books')
    await follow(one, true, 1)
    await sample().remove()
    await follow(one, false, 2)
    expect(await shop.send('GET', `/api/books/${one.id}`)).toMatchObject({ status: 404 })
  })
})
