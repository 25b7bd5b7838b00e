import { sql } from '@colophon/postgres'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { checkStock } from '../src/stock/index.ts'
import { type OrdersHarness, startOrders } from './harness.ts'
import { buy, receive } from './support/shopping.ts'

let shop: OrdersHarness

beforeAll(async () => {
  shop = await startOrders()
})

afterAll(() => shop.stop())

const none = { ledger: 0, held: 0, hold: 0 }

it('finds nothing where everything adds up, and each difference where something does not', async () => {
  const { database } = shop.test
  const [lost, shifted, stray] = [shop.catalog.add().id, shop.catalog.add().id, shop.catalog.add().id]
  for (const id of [lost, shifted, stray]) await receive(shop, id, 5)
  const held = (await buy(shop, shifted, 2)).body.id
  const ended = (await buy(shop, stray, 1)).body
  expect(await checkStock(database)).toEqual({ books: 3, counts: none, differences: [] })

  await database.query(sql`update orders.stock set on_hand = 4 where book_id = ${lost}`)
  await database.query(sql`update orders.holds set quantity = 1 where order_id = ${held}`)
  await database.query(sql`update orders.orders set status = 'expired' where id = ${ended.id}`)
  expect(await checkStock(database)).toEqual({
    books: 3,
    counts: { ledger: 1, held: 1, hold: 1 },
    differences: [
      {
        kind: 'ledger',
        bookId: lost,
        orderId: null,
        message: '4 on hand and 0 held, where its ledger adds up to 5 and 0',
      },
      { kind: 'held', bookId: shifted, orderId: null, message: '2 held, where its holds add up to 1' },
      {
        kind: 'hold',
        bookId: stray,
        orderId: ended.id,
        message: `1 held for order ${ended.number}, which is expired`,
      },
    ],
  })
})

it('counts all differences and tells the first thousand', async () => {
  await shop.test.database.query(sql`
    insert into orders.stock (book_id, on_hand, updated_at)
    select gen_random_uuid(), 1, now() from generate_series(1, 1200)`)
  const { counts, differences } = await checkStock(shop.test.database)
  expect(counts.ledger).toBe(1_201)
  expect(differences.filter(({ kind }) => kind === 'ledger')).toHaveLength(1_000)
})
