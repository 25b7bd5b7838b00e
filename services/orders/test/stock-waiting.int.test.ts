import { sql } from '@colophon/postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allocateCopies } from '../src/process/allocate-copies.ts'
import { cancelOrder } from '../src/process/cancel-order.ts'
import { adjustStock, checkStock } from '../src/stock/index.ts'
import { type OrdersHarness, startOrders } from './harness.ts'
import { buy, receive, stockOf } from './support/shopping.ts'

let shop: OrdersHarness

beforeAll(async () => {
  shop = await startOrders()
})

afterAll(() => shop.stop())

/** A book that is sold beyond what there is. */
async function backorderBook(copies: number): Promise<string> {
  const { id } = shop.catalog.add()
  if (copies > 0) await receive(shop, id, copies)
  const headers = { 'if-match': '*' }
  await shop.send('PATCH', `/api/inventory/${id}`, { as: 'staff', body: { policy: 'backorder' }, headers })
  await shop.settle()
  return id
}

/** Orders a book; `confirm` has it paid and confirmed too. */
async function order(bookId: string, quantity: number, { confirm = true, token = 'tok_approve' } = {}) {
  const { status, body } = await buy(shop, bookId, quantity, { as: 'customer', token })
  expect(status).toBe(202)
  if (confirm) expect(await shop.settle()).toEqual([])
  return body.id as string
}

async function arrive(bookId: string, delta: number): Promise<void> {
  const input = { delta, reason: 'goods_in' } as const
  await adjustStock(shop.orders.deps, { bookId, input, actor: 'command' })
}

const allocated = async (orderId: string): Promise<number> =>
  (
    await shop.test.database.one<{ allocated: number }>(
      sql`select allocated from orders.order_lines where order_id = ${orderId}`,
    )
  ).allocated

const waitingTasks = async () =>
  (
    await shop.test.database.query<{ id: string }>(
      sql`select payload->'kwargs'->>'book_id' as id from orders.outbox where payload->>'task' = 'orders.allocate'`,
    )
  ).map(({ id }) => id)

const historyOf = (orderId: string) =>
  shop.test.database.query<{ status: string; reason: string }>(
    sql`select status, reason from orders.order_history where order_id = ${orderId} order by seq`,
  )

describe('copies that arrive', () => {
  it('are given to the lines that wait for them, first come first served, and the buyers are told', async () => {
    const book = await backorderBook(1)
    const first = await order(book, 3)
    const second = await order(book, 2)
    const third = await order(book, 1)
    expect([await allocated(first), await allocated(second), await allocated(third)]).toEqual([1, 0, 0])
    const mails = shop.mailer.sent.length
    await arrive(book, 3)
    expect(await waitingTasks()).toEqual([book])
    expect(await shop.settle()).toEqual([])
    expect([await allocated(first), await allocated(second), await allocated(third)]).toEqual([3, 1, 0])
    expect(await stockOf(shop, book)).toEqual({ onHand: 0, held: 0 })
    expect(shop.mailer.sent.length).toBe(mails + 2)
    const { status, reason } = (await historyOf(first)).at(-1) ?? {}
    expect(status).toBe('confirmed')
    expect(reason).toMatch(/^2 copies of "Book \d+" came in for it$/)
    expect((await historyOf(second)).at(-1)?.reason).toContain('1 copy of')
    const told = (await historyOf(third)).length
    await arrive(book, 5)
    expect(await shop.settle()).toEqual([])
    expect([await allocated(second), await allocated(third)]).toEqual([2, 1])
    expect(await historyOf(third)).toHaveLength(told + 1)
    expect(await stockOf(shop, book)).toEqual({ onHand: 3, held: 0 })
    expect(await checkStock(shop.test.database)).toMatchObject({ differences: [] })
  })

  it('send no task when nobody waits, nor for an order that is not confirmed, which takes its own', async () => {
    const book = await backorderBook(0)
    const id = await order(book, 2, { confirm: false })
    await arrive(book, 2)
    expect(await waitingTasks()).toEqual([])
    expect(await shop.settle()).toEqual([])
    expect(await allocated(id)).toBe(2)
    await arrive(book, 2)
    expect(await waitingTasks()).toEqual([])
  })

  it('are those too that another order gives up or brings back', async () => {
    const book = await backorderBook(2)
    const first = await order(book, 2)
    const second = await order(book, 1)
    expect(await allocated(second)).toBe(0)
    await shop.send('POST', `/api/orders/${first}/cancel`, { as: 'customer', body: {} })
    expect(await shop.settle()).toEqual([])
    expect(await allocated(second)).toBe(1)
    const third = await order(book, 2, { confirm: false, token: 'tok_decline' })
    const fourth = await order(book, 2, { confirm: false })
    expect(await shop.settle()).toEqual([])
    expect([await allocated(third), await allocated(fourth)]).toEqual([0, 1])
  })

  it('are given by as many tasks as it takes', async () => {
    const book = await backorderBook(0)
    const orders = [await order(book, 1), await order(book, 1), await order(book, 1)]
    await receive(shop, book, 3)
    await allocateCopies(shop.orders.deps, book, 2)
    const given = () => Promise.all(orders.map(allocated))
    expect(await given()).toEqual([1, 1, 0])
    expect(await waitingTasks()).toEqual([book])
    expect(await shop.settle()).toEqual([])
    expect(await given()).toEqual([1, 1, 1])
  })

  it('are given once, however many give them at once', async () => {
    const book = await backorderBook(0)
    const orders = [await order(book, 2), await order(book, 2), await order(book, 2)]
    await receive(shop, book, 5)
    const { deps } = shop.orders
    await Promise.all([1, 2, 3, 4].map(() => allocateCopies(deps, book)))
    const given = await Promise.all(orders.map(allocated))
    expect(given.reduce((sum, copies) => sum + copies, 0)).toBe(5)
    expect(await checkStock(shop.test.database)).toMatchObject({ differences: [] })
    expect(await shop.settle()).toEqual([])
  })

  it('reach no order that was cancelled meanwhile', async () => {
    const book = await backorderBook(0)
    const id = await order(book, 2)
    await arrive(book, 2)
    await shop.send('POST', `/api/orders/${id}/cancel`, { as: 'customer', body: {} })
    expect(await shop.settle()).toEqual([])
    expect(await allocated(id)).toBe(0)
    expect(await stockOf(shop, book)).toEqual({ onHand: 2, held: 0 })
  })

  it('reach no order that is cancelled in the moment that its turn comes', async () => {
    const book = await backorderBook(0)
    const id = await order(book, 2)
    await receive(shop, book, 2)
    const { deps } = shop.orders
    const { database } = deps
    const transaction: typeof database.transaction = async (work, options) => {
      await cancelOrder(deps, { orderId: id, reason: 'changed my mind', actor: 'guest' })
      return database.transaction(work, options)
    }
    await allocateCopies({ ...deps, database: { ...database, transaction } }, book)
    expect(await allocated(id)).toBe(0)
    expect(await stockOf(shop, book)).toEqual({ onHand: 2, held: 0 })
    expect(await shop.settle()).toEqual([])
  })
})
