import { sql } from '@colophon/postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { MailError } from '../src/mail/port.ts'
import { countOverdueMails } from '../src/process/count-overdue-mails.ts'
import { isMailDue } from '../src/process/mail-order.ts'
import { adjustStock } from '../src/stock/index.ts'
import { type OrdersHarness, startOrders } from './harness.ts'
import { backorder, confirmed, read, settled } from './support/handling.ts'
import { buy, receive } from './support/shopping.ts'

let shop: OrdersHarness

beforeAll(async () => {
  shop = await startOrders()
})
afterAll(() => shop.stop())
/** What other tests leave to be seen to is over. */
beforeEach(async () => {
  await shop.settle()
  shop.clock.advance(5 * 24 * hour)
  await shop.run('orders.reconcile')
  await shop.settle()
})

const minute = 60_000
const hour = 60 * minute

/** Messages that wait to be sent, and are lost with that. */
async function lose(what: string): Promise<Record<string, unknown>[]> {
  const rows = await shop.test.database.query<{ payload: Record<string, unknown> }>(sql`
    delete from orders.outbox where topic = ${what} or payload->>'task' = ${what} returning payload`)
  return rows.map(({ payload }) => payload)
}

async function pass(ms: number): Promise<void> {
  shop.clock.advance(ms)
  await shop.run('orders.reconcile')
}

describe('copies that came in for somebody', () => {
  const arrive = (bookId: string, delta: number) =>
    adjustStock(shop.orders.deps, { bookId, input: { delta, reason: 'goods_in' }, actor: 'command' })

  it('are given to them although the task was lost', async () => {
    const order = await confirmed(shop, [{ quantity: 2, stock: 0 }])
    await arrive(order.lines[0].bookId, 1)
    expect(await lose('orders.allocate')).toHaveLength(1)
    await pass(5 * minute)
    await settled(shop)
    expect((await read(shop, order.id)).lines[0].allocated).toBe(1)
    await pass(5 * minute)
    expect(await lose('orders.allocate')).toEqual([])
  })

  it('are found, however many books are waited for', async () => {
    const order = await confirmed(shop, [{ quantity: 1, stock: 0 }])
    await shop.test.database.query(sql`
      with added as (
        insert into orders.order_lines (order_id, position, book_id, title, authors, tracked, quantity, unit_price,
          tax_rate, tax, total, waits)
        select ${order.id}::uuid, 1 + n, gen_random_uuid(), 'Another', '[]', true, 1, 0, 0, 0, 0, true
        from generate_series(1, 299) n returning book_id, position)
      insert into orders.stock (book_id, on_hand, updated_at)
      select book_id, 1, now() from added where position % 2 = 0`)
    await pass(5 * minute)
    const sent = (await lose('orders.allocate')).map((payload) => JSON.stringify(payload))
    expect([sent.length, new Set(sent).size]).toEqual([150, 150])
    await shop.test.database.query(sql`delete from orders.order_lines where title = 'Another'`)
  })
})

describe('the catalogue', () => {
  const topic = 'stock.availability'

  it('is told again whether a book is in stock', async () => {
    const { id } = shop.catalog.add()
    await receive(shop, id, 1)
    await settled(shop)
    await buy(shop, id, 1, { as: 'customer' })
    await lose(topic)
    await settled(shop)
    expect(shop.catalog.inStock.get(id)).toBe(true)
    await pass(5 * minute)
    await settled(shop)
    expect(shop.catalog.inStock.get(id)).toBe(false)
  })

  it('is told ever later for an hour and a half, and of nothing but that copies came or went', async () => {
    const { id } = shop.catalog.add()
    await receive(shop, id, 1)
    await receive(shop, id, 1)
    await lose(topic)
    const toldAfter: number[] = []
    for (let minutes = 3; minutes < 300; minutes += 5) {
      await pass((minutes === 3 ? 3 : 5) * minute)
      const told = await lose(topic)
      if (told.length === 0) continue
      expect(told).toEqual([{ bookId: id, inStock: true }])
      toldAfter.push(minutes)
    }
    expect(toldAfter).toEqual([8, 13, 23, 43, 83])
  })

  it('is told of all books once, however many', async () => {
    await shop.test.database.query(sql`
      insert into orders.stock (book_id, on_hand, updated_at, flipped_at)
      select gen_random_uuid(), n % 2, now(), ${shop.clock.now}::timestamptz from generate_series(1, 250) n`)
    await pass(5 * minute)
    const told = await lose(topic)
    expect(new Set(told.map(({ bookId }) => bookId)).size).toBe(250)
    expect(told.filter(({ inStock }) => inStock === true)).toHaveLength(125)
    expect(told).toHaveLength(250)
    await shop.test.database.query(sql`delete from orders.stock where not exists (
        select from orders.stock_ledger entry where entry.book_id = stock.book_id)`)
  })
})

describe('a mail', () => {
  const sentTo = (orderId: string) => shop.mailer.sent.filter(({ id }) => id.includes(orderId)).length

  /** A confirmed order of which no mail came to be sent. */
  async function unsent(): Promise<string> {
    const { id } = shop.catalog.add()
    await receive(shop, id, 1)
    const { body } = await buy(shop, id, 1, { as: 'customer' })
    await shop.run('orders.charge', { order_id: body.id })
    await shop.run('orders.confirm', { order_id: body.id })
    expect(await lose('orders.mail')).toHaveLength(1)
    return body.id
  }

  it('that was lost is sent, once', async () => {
    const id = await unsent()
    await pass(9 * minute)
    expect(await lose('orders.mail')).toEqual([])
    await pass(2 * minute)
    await settled(shop)
    expect(sentTo(id)).toBe(1)
    await pass(24 * hour)
    expect(await lose('orders.mail')).toEqual([])
  })

  it('that is lost again and again is sent ever later, for two days', async () => {
    await unsent()
    const sentAfter = [10, 20, 40, 80, 160, 320, 640, 1280, 2560]
    for (const [index, minutes] of sentAfter.entries()) {
      await pass((minutes - (sentAfter[index - 1] ?? 0) - 1) * minute)
      expect(await lose('orders.mail')).toEqual([])
      await pass(minute)
      expect(await lose('orders.mail'), `after ${minutes} minutes`).toHaveLength(1)
    }
    await pass(30 * 24 * hour)
    expect(await lose('orders.mail')).toEqual([])
  })

  it('is sent again once, however many look at the same time', async () => {
    await unsent()
    shop.clock.advance(10 * minute)
    await Promise.all([1, 2, 3].map(() => shop.run('orders.reconcile')))
    expect(await lose('orders.mail')).toHaveLength(1)
  })

  it('that was refused for good is not sent again, unless somebody asks for it', async () => {
    const id = await unsent()
    const { send } = shop.mailer
    onTestFinished(() => {
      shop.mailer.send = send
    })
    shop.mailer.send = () => Promise.reject(new MailError('refused', 'nobody of that name'))
    await pass(10 * minute)
    expect((await shop.settle()).map(({ message }) => message)).toEqual(['nobody of that name'])
    await pass(24 * hour)
    expect(await lose('orders.mail')).toEqual([])
    shop.mailer.send = send
    await shop.run('orders.mail', { order_id: id, seq: 3 })
    expect(sentTo(id)).toBe(1)
  })

  it('that is not sent counts as overdue after a quarter of an hour, while it is still tried', async () => {
    const overdue = () => countOverdueMails(shop.orders.deps)
    const [id] = [await unsent(), await unsent()]
    await pass(14 * minute)
    expect(await overdue()).toBe(0)
    await pass(minute)
    expect(await overdue()).toBe(2)
    await shop.run('orders.mail', { order_id: id, seq: 3 })
    expect(await overdue()).toBe(1)
    await pass(5 * 24 * hour)
    expect(await overdue()).toBe(0)
  })

  it('that was not sent is left to the next look, and is no dead letter before the last', async () => {
    const id = await unsent()
    const isDue = () => isMailDue(shop.orders.deps, id, 3)
    for (let minutes = 10; minutes < 2560; minutes *= 2) {
      await pass(minutes * minute)
      expect(await isDue()).toBe(minutes < 1280)
      await lose('orders.mail')
    }
  })

  it('is found among however many', async () => {
    const { id } = await confirmed(shop, [{ quantity: 1 }])
    await shop.test.database.query(sql`
      insert into orders.mails (order_id, seq, wanted_at, due_at)
      select ${id}, 10 + n, ${shop.clock.now}::timestamptz, ${shop.clock.now}::timestamptz from generate_series(1, 250) n`)
    await pass(minute)
    expect(await lose('orders.mail')).toHaveLength(250)
    await shop.test.database.query(sql`delete from orders.mails where seq > 10`)
  })
})

it('has nothing to send where nothing was lost', async () => {
  const order = await confirmed(shop, [{ quantity: 1 }])
  await backorder(shop, order.lines[0].bookId)
  await pass(3 * hour)
  expect(await shop.test.database.query(sql`select payload from orders.outbox`)).toEqual([])
})
