import { sql } from '@colophon/postgres'
import { createLogger, withContext } from '@colophon/runtime'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createUpkeep } from '../src/upkeep.ts'
import { type CatalogHarness, startCatalog } from './harness.ts'
import { beforeStatement } from './support/before-statement.ts'
import { addBook, readBook, storeMany } from './support/books.ts'

let shop: CatalogHarness

beforeAll(async () => {
  shop = await startCatalog()
  await shop.catalog.settle()
})
afterAll(() => shop.stop())

/** The catalogue's upkeep, told of each batch of prices before it is written. */
function upkeepTelling(aboutPrices: () => void) {
  const { deps } = shop.catalog
  const database = beforeStatement(deps.database, 'set price_today', aboutPrices)
  return createUpkeep(() => ({ ...deps, database }), createLogger({ level: 'silent', readable: false }))
}

it('indexes books even when prices cannot be brought up to date', async () => {
  const { id } = await addBook(shop, { title: 'Renamed' })
  await shop.test.database.query(sql`insert into catalog.reindex_queue (book_id) values (${id})`)
  const upkeep = upkeepTelling(() => {
    throw new Error('no prices today')
  })
  upkeep.soon()
  await upkeep.settle()
  expect((await readBook(shop, id)).version).toBe(2)
})

it('has more time than the request that asks for it', async () => {
  const { id } = await addBook(shop, { title: 'Renamed' })
  await shop.test.database.query(sql`insert into catalog.reindex_queue (book_id) values (${id})`)
  const late = { requestId: 'late', traceparent: '', deadline: Date.now() - 1 }
  withContext(late, () => shop.catalog.deps.reindexSoon())
  await shop.catalog.settle()
  expect((await readBook(shop, id)).version).toBe(2)
})

it('stops behind a batch of prices', async () => {
  const ids = await storeMany(
    shop,
    Array.from({ length: 1100 }, (_, number) => ({ title: `Due ${number}` })),
  )
  await shop.test.database.query(sql`
    insert into catalog.prices (book_id, type, currency, valid_from, amount)
    select id, 'rrp_including_tax', 'EUR', current_date, 100 from unnest(${ids}::uuid[]) as id`)
  let stopped: Promise<void> | undefined
  const upkeep = upkeepTelling(() => {
    stopped ??= upkeep.stop()
  })
  upkeep.soon()
  await upkeep.settle()
  await stopped
  const { priced } = await shop.test.database.one<{ priced: number }>(
    sql`select count(price_today) as priced from catalog.books`,
  )
  expect(priced).toBe(500)
})
