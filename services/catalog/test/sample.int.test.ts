import { sql } from '@colophon/postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Book } from '../src/schemas.ts'
import { type CatalogHarness, startCatalog } from './harness.ts'
import { contents, importText } from './import-harness.ts'
import { addBook, historyOf, isbnFrom, patchBook, readBook, removeBook, sourcesOf } from './support/books.ts'
import { pageOf } from './support/listing.ts'
import { somebodyWaits } from './support/waits.ts'

let shop: CatalogHarness
let count = 0

beforeAll(async () => {
  shop = await startCatalog()
})
afterAll(() => shop.stop())

interface Sample {
  isbn13: string
  author: string
}

let one: Sample
let two: Sample

/** A sample of two books, by two authors whom nobody else has. */
beforeEach(async () => {
  await shop.catalog.sample.remove()
  one = { isbn13: isbnFrom(++count), author: `Sam One${count}` }
  two = { isbn13: isbnFrom(++count), author: `Sam Two${count}` }
  const rows = [one, two].map(({ isbn13, author }) => `${isbn13},Sample,${author},1999,9.99,3,7`)
  const file = ['isbn,title,contributors,year,price,stock,popularity', ...rows].join('\n')
  const { report } = await importText(shop.catalog.deps, file, { source: 'sample' })
  expect(report.counts).toMatchObject({ inserted: 2 })
})

const remove = () => shop.catalog.sample.remove()
const book = ({ isbn13 }: Sample) => readBook(shop, isbn13)
const statusOf = async ({ isbn13 }: Sample) => (await shop.send('GET', `/api/books/${isbn13}`)).status

async function contributors(name: string): Promise<{ id: string; version: number }[]> {
  return (await shop.send('GET', `/api/contributors?q=${encodeURIComponent(name)}`)).body.items
}

/** Runs `sample remove` while the book is being changed, so that it waits for that. */
async function removeDuring({ id }: Book, change: (tx: typeof shop.test.database.query) => Promise<unknown>) {
  const { removal } = await shop.test.database.transaction(async (tx) => {
    await tx.query(sql`select from catalog.books where id = ${id} for update`)
    const removal = remove()
    await somebodyWaits(shop)
    await change(tx.query)
    return { removal }
  })
  return removal
}

describe('removing the sample', () => {
  it('takes its books and the contributors that nobody else has, and is done the second time', async () => {
    expect(await remove()).toEqual({ removed: 2, kept: 0 })
    expect([await statusOf(one), await statusOf(two)]).toEqual([404, 404])
    expect(await contributors('sam')).toEqual([])
    expect(await remove()).toEqual({ removed: 0, kept: 0 })
  })

  it('keeps contributors that other books credit, and those that staff have changed', async () => {
    await addBook(shop, { title: 'Own', contributors: [{ name: one.author }] })
    const [changed] = await contributors(two.author)
    await shop.send('PUT', `/api/contributors/${changed?.id}`, {
      as: 'staff',
      body: { name: `Renamed ${two.author}` },
      headers: { 'if-match': '"1"' },
    })
    expect(await remove()).toEqual({ removed: 2, kept: 0 })
    expect(await contributors(one.author)).toHaveLength(1)
    expect(await contributors(two.author)).toMatchObject([{ id: changed?.id, version: 2 }])
  })

  it('keeps the books it is told to keep like those of others', async () => {
    const { id } = await book(one)
    expect(await shop.catalog.sample.bookIds()).toEqual(expect.arrayContaining([id, (await book(two)).id]))
    expect(await shop.catalog.sample.remove(new Set([id]))).toEqual({ removed: 1, kept: 1 })
    expect(await book(one)).toMatchObject({ id, price: null, inStock: false })
    expect(await statusOf(two)).toBe(404)
    expect(await shop.catalog.sample.bookIds()).toEqual([])
    expect(await remove()).toEqual({ removed: 0, kept: 0 })
  })

  it('leaves no made-up price or stock on the books it keeps, and says so in their history', async () => {
    const fed = `isbn,title,popularity\n${one.isbn13},Fed,8\n`
    expect((await importText(shop.catalog.deps, fed, { source: 'feed' })).report.counts.updated).toBe(1)
    expect(await remove()).toEqual({ removed: 1, kept: 1 })
    const kept = await book(one)
    expect(kept).toMatchObject({
      title: 'Fed',
      contributors: [{ name: one.author }],
      year: 1999,
      price: null,
      inStock: false,
      popularity: 8,
      version: 3,
    })
    expect((await historyOf(shop, kept.id)).at(-1)).toEqual({
      version: 3,
      actor: 'import:sample',
      action: 'patched',
      changes: { price: [{ amount: 999, currency: 'EUR' }, null], inStock: [true, false] },
    })
    expect(await sourcesOf(shop, kept.id)).toEqual({ feed: ['isbn', 'popularity', 'title'] })
    expect((await pageOf(shop, { price: '999' })).items).toEqual([])
    expect(await remove()).toEqual({ removed: 0, kept: 0 })
    expect(await book(one)).toEqual(kept)
  })

  it('leaves what others say of price and stock', async () => {
    await patchBook(shop, await book(one), { price: { amount: 500, currency: 'EUR' } })
    await patchBook(shop, await book(two), { inStock: false })
    expect(await remove()).toEqual({ removed: 0, kept: 2 })
    expect(await book(one)).toMatchObject({
      price: { amount: 500, currency: 'EUR' },
      inStock: false,
      version: 3,
    })
    expect(await book(two)).toMatchObject({ price: null, inStock: false, version: 3 })
  })

  it('makes no version of a kept book that has none of them', async () => {
    const edited = await patchBook(shop, await book(one), {
      price: { amount: 500, currency: 'EUR' },
      inStock: false,
    })
    expect(await remove()).toEqual({ removed: 1, kept: 1 })
    expect(await book(one)).toEqual(edited)
  })

  it('keeps a deleted book that staff had changed, so that it comes back without made-up stock', async () => {
    await removeBook(shop, await patchBook(shop, await book(one), { subtitle: 'By staff' }))
    expect(await remove()).toEqual({ removed: 1, kept: 1 })
    const back = await addBook(shop, { isbn13: one.isbn13, title: 'Back' })
    expect(back).toMatchObject({ inStock: false, price: null, version: 5 })
  })

  it('keeps a book that staff change while it waits', async () => {
    const edited = await book(one)
    const removal = removeDuring(edited, (query) =>
      query(sql`
        insert into catalog.provenance (source, record_id, book_id, groups, seen_at)
        values ('staff', ${edited.id}, ${edited.id}, '{title}', now())`),
    )
    expect(await removal).toEqual({ removed: 1, kept: 1 })
    expect(await book(one)).toMatchObject({ id: edited.id, title: 'Sample' })
  })

  it('keeps a contributor whom a new book credits meanwhile', async () => {
    const { contributors: credits } = await book(one)
    const own = await addBook(shop, { title: 'Own' })
    const { removal } = await shop.test.database.transaction(async (tx) => {
      await tx.query(sql`
        insert into catalog.book_contributors (book_id, position, contributor_id, role)
        values (${own.id}, 0, ${credits[0]?.id}, 'author')`)
      const removal = remove()
      await somebodyWaits(shop)
      return { removal }
    })
    expect(await removal).toEqual({ removed: 2, kept: 0 })
    expect(await readBook(shop, own.id)).toMatchObject({ contributors: [{ name: one.author }] })
    expect(await contributors(two.author)).toEqual([])
  })
})

describe('loading the sample', () => {
  it('leaves books that others speak for as they are, and says so', async () => {
    const fresh = await startCatalog()
    try {
      const { deps, sample } = fresh.catalog
      const isbn = '9780439023481'
      await importText(deps, `isbn,title,stock\n${isbn},Fed,0\n`, { source: 'feed' })
      const staffs = await addBook(fresh, { title: 'By staff', isbn13: '9780439554930' })
      const fed = await readBook(fresh, isbn)
      const { inserted, updated, unchanged } = await sample.load()
      expect({ updated, unchanged }).toEqual({ updated: 0, unchanged: 2 })
      expect(await readBook(fresh, isbn)).toEqual(fed)
      expect(await readBook(fresh, staffs.id)).toEqual(staffs)
      const edited = await patchBook(fresh, await readBook(fresh, '9780316015844'), {
        isbn13: isbnFrom(9999),
      })
      expect(await sample.load()).toEqual({ inserted: 0, updated: 0, unchanged: inserted + 2 })
      expect(await readBook(fresh, edited.id)).toEqual(edited)
      expect(await sample.remove()).toEqual({ removed: inserted - 1, kept: 1 })
      expect(await readBook(fresh, isbn)).toEqual(fed)
    } finally {
      await fresh.stop()
    }
  })

  it('into a shop that has all of it from elsewhere brings nothing', async () => {
    const fresh = await startCatalog()
    try {
      const { deps, sample } = fresh.catalog
      const { inserted } = await sample.load()
      await fresh.test.database.query(sql`update catalog.provenance set source = 'feed'`)
      const before = await contents(deps.database)
      expect(await sample.load()).toEqual({ inserted: 0, updated: 0, unchanged: inserted })
      expect(await contents(deps.database)).toEqual(before)
      expect(await sample.remove()).toEqual({ removed: 0, kept: 0 })
    } finally {
      await fresh.stop()
    }
  })
})

it('a shop has other books once staff or a feed have brought one', async () => {
  const fresh = await startCatalog()
  try {
    const { deps, sample } = fresh.catalog
    await importText(deps, 'isbn,title\n9780439023481,Sample\n', { source: 'sample' })
    expect(await sample.hasOtherBooks()).toBe(false)
    await importText(deps, 'isbn,title\n9780000000019,Fed\n', { source: 'feed' })
    expect(await sample.hasOtherBooks()).toBe(true)
  } finally {
    await fresh.stop()
  }
})
