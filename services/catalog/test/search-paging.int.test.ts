import { sql } from '@colophon/postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Book, BookInput } from '../src/schemas.ts'
import { type CatalogHarness, startCatalog } from './harness.ts'
import { addBook, patchBook, readBook, removeBook, storeMany } from './support/books.ts'
import { allOf, pageOf, type Query } from './support/listing.ts'

let shop: CatalogHarness

beforeAll(async () => {
  shop = await startCatalog()
})

afterAll(() => shop.stop())

beforeEach(async () => {
  await shop.test.database.query(sql`delete from catalog.books`)
})

const sorts = ['relevance', 'popularity', 'newest', 'title', 'price', '-price']
const ids = (books: readonly Book[]) => books.map(({ id }) => id)

/** A book that shares much with its neighbours, so that the order of equals matters. */
function shelfBook(number: number): BookInput {
  return {
    title: `${['The Ocean', 'Ocean', 'A Blue Ocean'][number % 3]} ${number % 5}`,
    subtitle: `Volume ${number}`,
    year: number % 4 === 0 ? null : 1990 + (number % 6),
    popularity: number % 7,
    price: number % 3 === 0 ? null : { amount: 100 * (number % 4), currency: 'EUR' },
  }
}

const shelf = (length: number) => Array.from({ length }, (_, number) => shelfBook(number))

function expectOnce(seen: readonly Book[], wanted: readonly string[]): void {
  const counts = new Map<string, number>()
  for (const { id } of seen) counts.set(id, (counts.get(id) ?? 0) + 1)
  const wrong = wanted.filter((id) => counts.get(id) !== 1).map((id) => [id, counts.get(id) ?? 0])
  expect(wrong).toEqual([])
}

describe('paging through a list', () => {
  it.each(sorts)('visits every book once, in one order: %s', async (sort) => {
    const stored = await storeMany(shop, shelf(60))
    const whole = await allOf(shop, { q: 'ocean', sort, limit: 100 })
    expect(ids(whole).sort()).toEqual(stored.toSorted())
    for (const limit of [1, 7, 60]) {
      const query: Query = { sort, limit, ...(sort === 'relevance' ? { q: 'ocean' } : {}) }
      const paged = await allOf(shop, query)
      expectOnce(paged, stored)
      if (sort === 'relevance') expect(ids(paged)).toEqual(ids(whole))
    }
  })

  it.each(sorts)(
    'visits every book that stays as it is once, whatever becomes of the others: %s',
    async (sort) => {
      const stored = await storeMany(shop, shelf(100))
      const restless = stored.filter((_, index) => index % 4 === 0)
      const quiet = stored.filter((_, index) => index % 4 !== 0)
      let added = 1000
      const seen = await allOf(shop, { q: 'ocean', sort, limit: 9 }, async (page) => {
        await addBook(shop, { ...shelfBook(added++), popularity: page % 9 })
        await disturb(restless[page % restless.length] ?? '', page)
        await disturb(restless[(page * 7) % restless.length] ?? '', page + 1)
      })
      expectOnce(seen, quiet)
    },
  )

  /** Changes a book in some way, or takes it out for good. */
  async function disturb(id: string, step: number): Promise<void> {
    const { status } = await shop.send('GET', `/api/books/${id}`)
    if (status !== 200) return
    const book = await readBook(shop, id)
    if (step % 4 === 0) return removeBook(shop, book)
    const title = `${'ZMA'[step % 3]} ocean ${step}`
    const price = { amount: (step * 37) % 500, currency: 'EUR' }
    await patchBook(shop, book, { title, price, popularity: (step * 5) % 11, year: 1980 + (step % 30) })
  }
})

describe('more matches than are ranked against each other', () => {
  it('are all visited once, the most popular windows first', async () => {
    const stored = await storeMany(shop, shelf(1300))
    for (const limit of [100, 83]) {
      const seen = await allOf(shop, { q: 'ocean', limit })
      expect(seen).toHaveLength(1300)
      expectOnce(seen, stored)
    }
    const lowest = (books: Book[]) => Math.min(...books.map(({ popularity }) => popularity))
    const seen = await allOf(shop, { q: 'ocean', limit: 100 })
    expect(lowest(seen.slice(0, 500))).toBeGreaterThan(
      Math.max(...seen.slice(1000).map((book) => book.popularity)) - 1,
    )
  })

  it('fill every page but the last', async () => {
    await storeMany(shop, shelf(1300))
    const lengths: number[] = []
    let cursor: string | null = null
    do {
      const page = await pageOf(shop, { q: 'ocean', limit: 99, ...(cursor && { cursor }) })
      lengths.push(page.items.length)
      cursor = page.nextCursor
    } while (cursor)
    expect(lengths).toEqual([...Array.from({ length: 13 }, () => 99), 13])
  })

  it('are all visited when many of one title come first', async () => {
    const poems = await storeMany(
      shop,
      Array.from({ length: 1150 }, (_, number) => ({ title: 'Poems', popularity: number % 3 })),
    )
    const others = await storeMany(
      shop,
      Array.from({ length: 80 }, (_, number) => ({ title: `Poems ${number}`, popularity: 1000 })),
    )
    const seen = await allOf(shop, { q: 'poems', limit: 97 })
    expectOnce(seen, [...poems, ...others])
    expect(seen.slice(0, 1150).every(({ title }) => title === 'Poems')).toBe(true)
  })

  it('are visited beyond a window whose rest was deleted meanwhile', async () => {
    const stored = await storeMany(shop, shelf(1300))
    const unpopular = stored.filter((_, number) => number % 7 < 4)
    const seen = await allOf(shop, { q: 'ocean', limit: 100 }, async (page) => {
      if (page > 1) return
      await shop.test.database.query(sql`update catalog.books set deleted_at = now() where popularity >= 4`)
    })
    expectOnce(seen, unpopular)
  })

  it('are visited once while popular ones come in, fall back and go', async () => {
    const stored = await storeMany(shop, shelf(1300))
    const restless = new Set(stored.filter((_, number) => number % 10 === 0))
    const seen = await allOf(shop, { q: 'ocean', limit: 100 }, async (page) => {
      await storeMany(
        shop,
        Array.from({ length: 20 }, (_, number) => ({ title: 'Ocean', popularity: number })),
      )
      await shop.test.database.query(sql`
        update catalog.books set popularity = (popularity * 5 + ${page}) % 8
        where id = any(${[...restless].slice(page * 5, page * 5 + 20)}::uuid[])`)
    })
    expectOnce(
      seen,
      stored.filter((id) => !restless.has(id)),
    )
  })

  it('are counted, and said to be so', async () => {
    await storeMany(shop, shelf(1300))
    const page = await pageOf(shop, { q: 'ocean', total: true, facets: 'year' })
    expect(page).toMatchObject({ total: 1300, totalIsExact: true })
    expect(page.facets?.year?.reduce((sum, { count }) => sum + count, 0)).toBe(975)
  })
})

describe('more matches than are counted', () => {
  /** Books that differ in popularity alone. */
  async function storeBulk(length: number): Promise<void> {
    await shop.test.database.query(sql`
      insert into catalog.books
        (id, title, availability, title_sort, title_key, released_order, popularity, language, search)
      select gen_random_uuid(), title, 'unknown', title, title, 0, number,
        case number % 10 when 0 then 'ger' else 'eng' end, '''bulk'':1A'::tsvector
      from (select number, 'bulk ' || number as title from generate_series(1, ${length}::integer) as number) as bulk`)
    await shop.test.database.query(sql`analyze catalog.books`)
  }

  it('have a total that is at least what was counted, and said to be an estimate', async () => {
    await storeBulk(10_050)
    for (const query of [{ q: 'bulk ' }, { inStock: false }, {}]) {
      const page = await pageOf(shop, { ...query, total: true })
      expect(page.totalIsExact).toBe(false)
      expect(page.total).toBeGreaterThan(10_000)
      expect(page.total).toBeLessThan(11_000)
    }
  })

  it('have facets of the most popular', async () => {
    const [length, counted] = [33_000, 1000]
    await storeBulk(length)
    await shop.test.database.query(
      sql`update catalog.books set language = 'swe' where popularity <= ${length - counted}`,
    )
    for (const query of [{ q: 'bulk ' }, { inStock: false }, {}]) {
      const { facets } = await pageOf(shop, { ...query, facets: 'language' })
      const language = [
        { value: 'eng', text: 'eng', count: counted * 0.9 },
        { value: 'ger', text: 'ger', count: counted * 0.1 },
      ]
      expect(facets).toEqual({ areExact: false, counted, language })
    }
  })

  it('have exact facets while they are fewer than 30,000', async () => {
    await storeBulk(20_000)
    const { facets } = await pageOf(shop, { q: 'bulk ', facets: 'language' })
    expect(facets).toMatchObject({
      areExact: true,
      counted: 20_000,
      language: [{ count: 18_000 }, { count: 2000 }],
    })
  })
})
