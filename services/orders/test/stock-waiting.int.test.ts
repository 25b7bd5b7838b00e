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
  await sellAs(id, 'backorder')
  await shop.settle()
  return id
}

async function sellAs(bookId: string, policy: string): Promise<void> {
  const headers = { 'if-match': '*' }
  const { status } = await shop.send('PATCH', `/api/inventory/${bookId}`, {
    as: 'staff',
    body: { policy },
    headers,
  })
  expect(status).toBe(200)
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

describe('who waits', () => {
  it('gets the copies that come free after the book is sold from stock alone again', async () => {
    const book = await backorderBook(2)
    const first = await order(book, 2)
    const waiter = await order(book, 1)
    await sellAs(book, 'in_stock')
    await shop.send('POST', `/api/orders/${first}/cancel`, { as: 'customer', body: {} })
    expect(await shop.settle()).toEqual([])
    expect(await allocated(waiter)).toBe(1)
    expect(await stockOf(shop, book)).toEqual({ onHand: 1, held: 0 })
  })

  it('is not overtaken by who orders before the copies are given', async () => {
    const book = await backorderBook(0)
    const waiter = await order(book, 2)
    await arrive(book, 3)
    const newcomer = await order(book, 2, { confirm: false })
    expect(await stockOf(shop, book)).toEqual({ onHand: 3, held: 1 })
    expect(await shop.settle()).toEqual([])
    expect([await allocated(waiter), await allocated(newcomer)]).toEqual([2, 1])
  })

  it('leaves to others what is beyond, and where the book is sold from stock alone, no more', async () => {
    const book = await backorderBook(0)
    const waiter = await order(book, 2)
    await sellAs(book, 'in_stock')
    await arrive(book, 3)
    const { status, body } = await buy(shop, book, 2, { as: 'stranger' })
    expect([status, body.code, body.lines]).toEqual([
      409,
      'out_of_stock',
      [{ bookId: book, quantity: 2, available: 1 }],
    ])
    const newcomer = await order(book, 1)
    expect([await allocated(waiter), await allocated(newcomer)]).toEqual([2, 1])
  })

  it('is told of no copies below zero where fewer came than are waited for', async () => {
    const book = await backorderBook(0)
    await order(book, 5)
    await sellAs(book, 'in_stock')
    await arrive(book, 1)
    const { body } = await buy(shop, book, 1, { as: 'stranger' })
    expect(body.lines).toEqual([{ bookId: book, quantity: 1, available: 0 }])
  })

  it('is not overtaken by who is confirmed before the copies are given', async () => {
    const book = await backorderBook(0)
    const waiter = await order(book, 2)
    const later = await order(book, 2, { confirm: false })
    await shop.run('orders.charge', { order_id: later })
    await arrive(book, 3)
    await shop.run('orders.confirm', { order_id: later })
    expect([await allocated(waiter), await allocated(later)]).toEqual([0, 1])
    expect(await shop.settle()).toEqual([])
    expect([await allocated(waiter), await allocated(later)]).toEqual([2, 1])
  })

  it('comes behind who ordered before and paid later', async () => {
    const book = await backorderBook(0)
    const earlier = await order(book, 1, { confirm: false })
    await shop.run('orders.charge', { order_id: earlier })
    const waiter = await order(book, 1, { confirm: false })
    for (const task of ['orders.charge', 'orders.confirm']) await shop.run(task, { order_id: waiter })
    await arrive(book, 1)
    await shop.run('orders.confirm', { order_id: earlier })
    expect(await shop.settle()).toEqual([])
    expect([await allocated(earlier), await allocated(waiter)]).toEqual([1, 0])
  })

  it('does not once the order is cancelled', async () => {
    const book = await backorderBook(0)
    const id = await order(book, 2)
    await shop.send('POST', `/api/orders/${id}/cancel`, { as: 'customer', body: {} })
    await arrive(book, 1)
    expect(await waitingTasks()).toEqual([])
    const newcomer = await order(book, 1)
    expect(await allocated(newcomer)).toBe(1)
  })
})
