import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { countedBooks, receiveSample, removeSampleCopies } from '../src/index.ts'
import { adjustStock } from '../src/stock/index.ts'
import { type OrdersHarness, startOrders } from './harness.ts'
import { buy, differences, stockOf } from './support/shopping.ts'

let shop: OrdersHarness

beforeAll(async () => {
  shop = await startOrders()
})
afterAll(() => shop.stop())
beforeEach(() => remove())

/** Books of the sample, with copies. */
async function sampleBooks(many: number): Promise<string[]> {
  const ids = Array.from({ length: many }, () => shop.catalog.add().id)
  expect(await receiveSample(shop.orders.deps, ids)).toBe(many)
  return ids
}

const remove = () => removeSampleCopies(shop.orders.deps)
const ledgerOf = async (book: string) =>
  (await shop.send('GET', `/api/inventory/${book}/ledger`, { as: 'staff' })).body.items

describe('copies of the sample', () => {
  it('come once', async () => {
    const [book = ''] = await sampleBooks(1)
    const { onHand } = await stockOf(shop, book)
    expect(onHand).toBeGreaterThan(2)
    expect(await receiveSample(shop.orders.deps, [book])).toBe(0)
    expect(await receiveSample(shop.orders.deps, [])).toBe(0)
  })

  it('go with it, by an entry of the ledger, and the catalogue follows', async () => {
    const [book = '', other = ''] = await sampleBooks(2)
    const { onHand } = await stockOf(shop, book)
    expect(await remove()).toBe(2)
    expect(await stockOf(shop, book)).toEqual({ onHand: 0, held: 0 })
    expect(await ledgerOf(book)).toMatchObject([
      { onHand: -onHand, held: 0, reason: 'adjustment', note: 'the sample was removed', actor: 'system' },
      { onHand, reason: 'goods_in', document: 'sample' },
    ])
    await shop.settle()
    expect([shop.catalog.inStock.get(book), shop.catalog.inStock.get(other)]).toEqual([false, false])
    expect(await remove()).toBe(0)
    expect(await receiveSample(shop.orders.deps, [book, other])).toBe(0)
    expect(await differences(shop)).toEqual([])
  })

  it('that are held stay with their orders; those that come free go when it is removed again', async () => {
    const [book = ''] = await sampleBooks(1)
    const sold = await buy(shop, book, 1)
    const given = await buy(shop, book, 1, { token: 'tok_decline' })
    expect([sold.status, given.status]).toEqual([202, 202])
    expect(await remove()).toBe(1)
    expect(await stockOf(shop, book)).toEqual({ onHand: 2, held: 2 })
    expect(await shop.settle()).toEqual([])
    const order = await shop.send('GET', `/api/orders/${sold.body.id}`, { as: 'staff' })
    expect(order.body).toMatchObject({ status: 'confirmed', lines: [{ allocated: 1 }] })
    expect(await stockOf(shop, book)).toEqual({ onHand: 1, held: 0 })
    expect(await remove()).toBe(1)
    expect(await stockOf(shop, book)).toEqual({ onHand: 0, held: 0 })
    expect(await differences(shop)).toEqual([])
  })

  it.each(['goods_in', 'adjustment', 'stocktake'] as const)(
    'stay where staff have counted some too: %s',
    async (reason) => {
      const [book = '', untouched = ''] = await sampleBooks(2)
      await adjustStock(shop.orders.deps, { bookId: book, input: { delta: 1, reason }, actor: 'command' })
      const { onHand } = await stockOf(shop, book)
      expect(await remove()).toBe(1)
      expect((await stockOf(shop, book)).onHand).toBe(onHand)
      expect((await stockOf(shop, untouched)).onHand).toBe(0)
      expect(await countedBooks(shop.orders.deps.database, [book, untouched])).toEqual(new Set([book]))
    },
  )

  it('are none of a delivery that has the number of the sample', async () => {
    const isbn13 = '9780441013593'
    const { id } = shop.catalog.add({ isbn13 })
    const answer = await shop.server.app.inject({
      method: 'POST',
      url: '/api/goods-in?document=sample',
      headers: { authorization: 'Bearer staff', 'content-type': 'text/csv' },
      payload: `isbn,quantity\n${isbn13},5\n`,
    })
    expect(answer.statusCode).toBe(200)
    expect(await remove()).toBe(0)
    expect((await stockOf(shop, id)).onHand).toBe(5)
  })

  it("are still the sample's where some were damaged", async () => {
    const [book = ''] = await sampleBooks(1)
    await adjustStock(shop.orders.deps, {
      bookId: book,
      input: { delta: -1, reason: 'damaged' },
      actor: 'command',
    })
    expect(await remove()).toBe(1)
    expect((await stockOf(shop, book)).onHand).toBe(0)
  })
})
