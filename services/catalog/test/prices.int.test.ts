import { sql } from '@colophon/postgres'
import { createLogger } from '@colophon/runtime'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { refreshPrices } from '../src/books/refresh-prices.ts'
import type { Book } from '../src/schemas.ts'
import { type CatalogHarness, startCatalog } from './harness.ts'
import { beforeStatement } from './support/before-statement.ts'
import { addBook, patchBook, readBook, storeMany } from './support/books.ts'
import { allOf, pageOf } from './support/listing.ts'
import { somebodyWaits } from './support/waits.ts'

let shop: CatalogHarness
let today = '2026-05-01'
let looks = 0

beforeAll(async () => {
  const now = () => {
    looks++
    return new Date(`${today}T12:00:00Z`)
  }
  shop = await startCatalog({ now })
})

afterAll(() => shop.stop())

beforeEach(async () => {
  today = '2026-05-01'
  await shop.catalog.settle()
  await shop.test.database.query(sql`delete from catalog.books`)
  await shop.test.database.query(sql`update catalog.prices_today set refreshed_until = '-infinity'`)
})

interface Price {
  amount: number
  type?: string
  currency?: string
  territory?: string
  from?: string
  until?: string
}

/** A price as a feed gives it. */
async function feedPrice(id: string, { amount, type = 'rrp_including_tax', ...more }: Price): Promise<void> {
  const { currency = 'EUR', territory = 'WORLD', from = '-infinity', until = 'infinity' } = more
  await shop.test.database.query(sql`
    insert into catalog.prices (book_id, type, currency, territory, valid_from, valid_until, amount)
    values (${id}, ${type}, ${currency}, ${territory}, ${from}, ${until}, ${amount})`)
}

const silent = createLogger({ level: 'silent', readable: false })
const refresh = () => refreshPrices(shop.catalog.deps, new AbortController().signal, silent)
const amountOf = async ({ id }: Book) => (await readBook(shop, id)).price?.amount
const versionOf = async ({ id }: Book) => (await readBook(shop, id)).version
const inOrder = async () => (await allOf(shop, { sort: 'price' })).map(({ title }) => title)

describe('a price with dates', () => {
  it('holds from its first day and not on its last', async () => {
    const book = await addBook(shop, { title: 'Sale', price: { amount: 1000, currency: 'EUR' } })
    await feedPrice(book.id, { amount: 800, from: '2026-05-10', until: '2026-05-20' })
    const days: [string, number][] = [
      ['2026-05-09', 1000],
      ['2026-05-10', 800],
      ['2026-05-19', 800],
      ['2026-05-20', 1000],
    ]
    for (const [day, amount] of days) {
      today = day
      expect(await amountOf(book)).toBe(amount)
    }
  })

  it('moves the book in the order of prices, in the filter and in its version, once each time', async () => {
    const book = await addBook(shop, { title: 'Sale', price: { amount: 1000, currency: 'EUR' } })
    await addBook(shop, { title: 'Other', price: { amount: 900, currency: 'EUR' } })
    await feedPrice(book.id, { amount: 800, from: '2026-05-10', until: '2026-05-20' })
    expect(await refresh()).toBe(0)
    expect(await inOrder()).toEqual(['Other', 'Sale'])
    today = '2026-05-10'
    expect(await refresh()).toBe(1)
    expect(await refresh()).toBe(0)
    expect(await inOrder()).toEqual(['Sale', 'Other'])
    expect(await versionOf(book)).toBe(2)
    expect((await pageOf(shop, { price: '800' })).items).toHaveLength(1)
    today = '2026-05-20'
    expect(await refresh()).toBe(1)
    expect(await inOrder()).toEqual(['Other', 'Sale'])
    expect(await readBook(shop, book.id)).toMatchObject({ version: 3, updatedAt: '2026-05-20T12:00:00.000Z' })
    expect((await pageOf(shop, { price: '800' })).items).toHaveLength(0)
  })

  it('gives a price to a book that had none, and takes it away', async () => {
    const book = await addBook(shop, { title: 'Soon' })
    await addBook(shop, { title: 'Dear', price: { amount: 9000, currency: 'EUR' } })
    await feedPrice(book.id, { amount: 500, from: '2026-06-01', until: '2026-07-01' })
    const states: [string, number | undefined, string[]][] = [
      ['2026-05-31', undefined, ['Dear', 'Soon']],
      ['2026-06-01', 500, ['Soon', 'Dear']],
      ['2026-07-01', undefined, ['Dear', 'Soon']],
    ]
    for (const [day, amount, order] of states) {
      today = day
      await refresh()
      expect(await amountOf(book)).toBe(amount)
      expect(await inOrder()).toEqual(order)
    }
  })

  it('that always held ends on its last day', async () => {
    const book = await addBook(shop, { title: 'Until', price: { amount: 700, currency: 'EUR' } })
    await shop.test.database.query(sql`update catalog.prices set valid_until = '2026-05-10'`)
    today = '2026-05-09'
    expect(await refresh()).toBe(0)
    today = '2026-05-10'
    expect(await refresh()).toBe(1)
    expect(await amountOf(book)).toBeUndefined()
    expect((await pageOf(shop, { price: '0..' })).items).toEqual([])
  })

  it('stays when staff change something else, and goes when staff set the price', async () => {
    const book = await addBook(shop, { title: 'Sale', price: { amount: 1000, currency: 'EUR' } })
    await feedPrice(book.id, { amount: 800, from: '2026-05-10', until: '2026-05-20' })
    today = '2026-05-10'
    await refresh()
    const renamed = await patchBook(shop, await readBook(shop, book.id), { title: 'Summer sale' })
    expect(renamed).toMatchObject({ title: 'Summer sale', price: { amount: 800 }, version: 3 })
    const priced = await patchBook(shop, renamed, { price: { amount: 950 } })
    today = '2026-05-20'
    expect(await refresh()).toBe(0)
    expect(await amountOf(priced)).toBe(950)
  })
})

describe('the ETag of a book', () => {
  const known = async ({ id }: Book, etag: string) =>
    shop.send('GET', `/api/books/${id}`, { headers: { 'if-none-match': etag } })

  it('saves no reading of another price, before upkeep has come round and after', async () => {
    const book = await addBook(shop, { title: 'Sale', price: { amount: 1000, currency: 'EUR' } })
    const calm = await addBook(shop, { title: 'Calm', price: { amount: 1000, currency: 'EUR' } })
    await feedPrice(book.id, { amount: 800, from: '2026-05-10', until: '2026-05-20' })
    expect(await known(book, '"1"')).toMatchObject({ status: 304 })
    today = '2026-05-10'
    expect(await known(book, '"1"')).toMatchObject({ status: 200, body: { price: { amount: 800 } } })
    expect(await known(calm, '"1"')).toMatchObject({ status: 304 })
    await refresh()
    expect(await known(book, '"1"')).toMatchObject({ status: 200, headers: { etag: '"2"' } })
    expect(await known(book, '"2"')).toMatchObject({ status: 304 })
    today = '2026-05-20'
    expect(await known(book, '"2"')).toMatchObject({ status: 200, body: { price: { amount: 1000 } } })
  })

  it('can be sent with a change meanwhile', async () => {
    const book = await addBook(shop, { title: 'Sale', price: { amount: 1000, currency: 'EUR' } })
    await feedPrice(book.id, { amount: 800, from: '2026-05-10' })
    today = '2026-05-10'
    const { headers } = await known(book, '"1"')
    expect(headers.etag).toBe('"1"')
    const patched = await patchBook(shop, book, { title: 'Summer sale' })
    expect(patched).toMatchObject({ price: { amount: 800 }, version: 2 })
    expect(await known(book, '"2"')).toMatchObject({ status: 304 })
    expect(await refresh()).toBe(0)
  })

  it('saves no reading of the same amount in another currency', async () => {
    const book = await addBook(shop, { title: 'Same', price: { amount: 500, currency: 'EUR' } })
    await feedPrice(book.id, { amount: 500, currency: 'USD' })
    await refresh()
    const other = await startCatalog({ test: shop.test, currency: 'USD' })
    try {
      const answer = await other.send('GET', `/api/books/${book.id}`, { headers: { 'if-none-match': '"1"' } })
      expect(answer).toMatchObject({ status: 200, body: { price: { amount: 500, currency: 'USD' } } })
    } finally {
      await other.stop()
    }
  })

  it('saves no reading of an old name, though the book is not indexed by the new one yet', async () => {
    const book = await addBook(shop, { title: 'Named', contributors: [{ name: 'Old Name' }] })
    await shop.test.database.transaction(async (tx) => {
      // As upkeep finds it when it is busy.
      await tx.query(sql`select from catalog.books where id = ${book.id} for update`)
      const path = `/api/contributors/${book.contributors[0]?.id}`
      const headers = { 'if-match': '"1"' }
      await shop.send('PUT', path, { as: 'staff', body: { name: 'New Name' }, headers })
      expect(await known(book, '"1"')).toMatchObject({
        status: 200,
        body: { contributors: [{ name: 'New Name' }] },
      })
    })
    await shop.catalog.settle()
    expect(await known(book, '"1"')).toMatchObject({ status: 200, headers: { etag: '"2"' } })
    expect(await known(book, '"2"')).toMatchObject({ status: 304 })
  })
})

describe('of several prices on one day', () => {
  const rrp = { type: 'rrp_including_tax', amount: 1000 }
  const net = { type: 'rrp_excluding_tax', amount: 930 }
  const fixed = { type: 'fixed_including_tax', amount: 1200 }
  const fixedNet = { type: 'fixed_excluding_tax', amount: 1100 }

  it.each<[string, Price[], number | undefined]>([
    ['a fixed one before a recommended one', [rrp, fixed], 1200],
    ['one with tax before one without', [net, rrp], 1000],
    ['a recommended one with tax before a fixed one without', [fixedNet, rrp], 1000],
    ['a fixed one before a recommended one, both without tax', [net, fixedNet], 1100],
    ['one without tax for want of another', [net], 930],
    ['that of the whole world', [{ ...rrp, territory: 'AT DE', amount: 1 }, rrp], 1000],
    ['that of some countries for want of another', [{ ...rrp, territory: 'AT DE' }], 1000],
    [
      'that which began last',
      [rrp, { ...rrp, from: '2026-04-01', amount: 1 }, { ...rrp, from: '2026-04-02', amount: 2 }],
      2,
    ],
    ['none of another currency', [{ ...rrp, currency: 'USD' }], undefined],
    [
      'none of yesterday, none of tomorrow',
      [
        { ...rrp, until: '2026-05-01' },
        { ...fixed, from: '2026-05-02' },
      ],
      undefined,
    ],
    [
      'a fixed one that holds before a recommended one that began later',
      [{ ...fixed, from: '2020-01-01' }, rrp],
      1200,
    ],
    ['nothing, where that is the price', [{ ...rrp, amount: 0 }], 0],
  ])('the public one is %s', async (_what, prices, amount) => {
    const book = await addBook(shop, { title: 'Priced' })
    for (const price of [...prices, { ...rrp, from: '2026-04-30', until: '2026-05-01', amount: 7 }]) {
      await feedPrice(book.id, price)
    }
    expect(await amountOf(book)).toBe(amount)
    await refresh()
    const { price } = await shop.test.database.one<{ price: number | null }>(
      sql`select price_today as price from catalog.books where id = ${book.id}`,
    )
    expect(price ?? undefined).toBe(amount)
  })
})

describe('refreshing', () => {
  it('does every book that is due, however many, and no other', async () => {
    const due = await storeMany(
      shop,
      Array.from({ length: 1100 }, (_, number) => ({ title: `Due ${number}` })),
    )
    const same = await addBook(shop, { title: 'Same', price: { amount: 5, currency: 'EUR' } })
    await feedPrice(same.id, { amount: 5, from: '2026-05-10' })
    await shop.test.database.query(sql`
      insert into catalog.prices (book_id, type, currency, valid_from, amount)
      select id, 'rrp_including_tax', 'EUR', '2026-05-10', 100 from unnest(${due}::uuid[]) as id`)
    today = '2026-05-10'
    expect(await refresh()).toBe(1100)
    expect(await pageOf(shop, { price: '100', total: true })).toMatchObject({ total: 1100 })
    expect(await versionOf(same)).toBe(1)
  })

  it('by two at once does each book once', async () => {
    const ids = await storeMany(
      shop,
      Array.from({ length: 60 }, (_, number) => ({ title: `Due ${number}` })),
    )
    for (const id of ids) await feedPrice(id, { amount: 100, from: '2026-05-10' })
    today = '2026-05-10'
    const counts = await Promise.all([refresh(), refresh(), refresh()])
    expect(counts.reduce((sum, count) => sum + count)).toBe(60)
    const books = await allOf(shop, { limit: 100 })
    expect(new Set(books.map(({ version }) => version))).toEqual(new Set([2]))
  })

  it('that waits for a book being changed works out the price it was changed to', async () => {
    const book = await addBook(shop, { title: 'Sale', price: { amount: 1000, currency: 'EUR' } })
    await feedPrice(book.id, { amount: 500, from: '2026-05-10' })
    today = '2026-05-10'
    const { refreshed } = await shop.test.database.transaction(async (tx) => {
      await tx.query(sql`select from catalog.books where id = ${book.id} for update`)
      const refreshed = refresh()
      await somebodyWaits(shop)
      await tx.query(sql`delete from catalog.prices where book_id = ${book.id}`)
      await tx.query(sql`
        insert into catalog.prices (book_id, type, currency, amount)
        values (${book.id}, 'rrp_including_tax', 'EUR', 700)`)
      await tx.query(sql`update catalog.books set price_today = 700, version = 2 where id = ${book.id}`)
      return { refreshed }
    })
    expect(await refreshed).toBe(0)
    expect((await pageOf(shop, { price: '700' })).items).toMatchObject([{ id: book.id, version: 2 }])
  })

  it('is part of the upkeep', async () => {
    const book = await addBook(shop, { title: 'Sale', price: { amount: 1000, currency: 'EUR' } })
    await feedPrice(book.id, { amount: 800, from: '2026-05-10' })
    today = '2026-05-10'
    shop.catalog.deps.reindexSoon()
    await shop.catalog.settle()
    expect(await versionOf(book)).toBe(2)
  })

  it('is done once more when it is asked for many times while it is being done', async () => {
    await shop.catalog.settle()
    const before = looks
    for (let asked = 0; asked < 20; asked++) shop.catalog.deps.reindexSoon()
    await shop.catalog.settle()
    expect(looks - before).toBeLessThan(20)
  })
})

describe('another currency', () => {
  it('orders and filters by the prices in it from the first start on', async () => {
    const [both, same, none] = [
      await addBook(shop, { title: 'Both', price: { amount: 100, currency: 'EUR' } }),
      await addBook(shop, { title: 'Same', price: { amount: 500, currency: 'EUR' } }),
      await addBook(shop, { title: 'Euros only', price: { amount: 200, currency: 'EUR' } }),
    ]
    await feedPrice(both.id, { amount: 900, currency: 'USD' })
    await feedPrice(same.id, { amount: 500, currency: 'USD' })
    await refresh()
    const other = await startCatalog({ test: shop.test, currency: 'USD' })
    try {
      await other.catalog.settle()
      const inDollars = await allOf(other, { sort: 'price' })
      expect(inDollars.map(({ title, price, version }) => [title, price?.amount, version])).toEqual([
        ['Same', 500, 2],
        ['Both', 900, 2],
        ['Euros only', undefined, 2],
      ])
      expect((await pageOf(other, { price: '100..300', total: true })).total).toBe(0)
      expect((await pageOf(other, { price: '900' })).items).toHaveLength(1)
    } finally {
      await other.stop()
    }
    expect(await refresh()).toBe(3)
    expect(await inOrder()).toEqual(['Both', 'Euros only', 'Same'])
    expect(await refresh()).toBe(0)
    expect(await versionOf(none)).toBe(3)
  })

  it('that all prices could not be worked out in is gone on with the next time', async () => {
    await storeMany(
      shop,
      Array.from({ length: 1100 }, (_, number) => ({
        title: `Book ${number}`,
        price: { amount: 100, currency: 'EUR' },
      })),
    )
    await refresh()
    const stop = new AbortController()
    let batches = 0
    const database = beforeStatement(shop.catalog.deps.database, 'set price_today', () => {
      if (++batches === 2) stop.abort()
    })
    const inDollars = { ...shop.catalog.deps, currency: 'USD', database }
    expect(await refreshPrices(inDollars, stop.signal, silent)).toBe(1000)
    await refreshPrices(inDollars, new AbortController().signal, silent)
    expect((await pageOf(shop, { price: '0..', total: true })).total).toBe(0)
    await refresh()
    expect((await pageOf(shop, { price: '100', total: true })).total).toBe(1100)
  })

  it('in which there is no price is warned of once, saying which prices stay stored', async () => {
    const book = await addBook(shop, { title: 'Euros', price: { amount: 100, currency: 'EUR' } })
    await addBook(shop, { title: 'Euros too', price: { amount: 200, currency: 'EUR' } })
    await feedPrice(book.id, { amount: 300, currency: 'GBP' })
    await refresh()
    const lines: string[] = []
    const logger = createLogger({
      level: 'info',
      readable: false,
      destination: { write: (line) => void lines.push(line) },
    })
    const refreshIn = (currency: string) =>
      refreshPrices({ ...shop.catalog.deps, currency }, new AbortController().signal, logger)
    await refreshIn('GBP')
    expect(lines).toEqual([])
    await refreshIn('USD')
    await refreshIn('USD')
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 'warn', msg: expect.stringContaining('no book has a price in USD') },
    ])
    expect(lines[0]).toContain('2 in EUR, 1 in GBP')
    await refresh()
  })
})
