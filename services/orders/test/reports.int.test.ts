import { encodeCursor } from '@colophon/http'
import { sql } from '@colophon/postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { reports } from '../src/reports/all-reports.ts'
import { reportNamed } from '../src/reports/index.ts'
import { keepFailure, maxRows, runReport } from '../src/reports/run-report.ts'
import { downloadReportRoute } from '../src/routes/download-report.ts'
import { getReportRoute } from '../src/routes/get-report.ts'
import { listReportsRoute } from '../src/routes/list-reports.ts'
import { type OrdersHarness, startOrders } from './harness.ts'
import { handle, read, settled } from './support/handling.ts'
import { address, receive } from './support/shopping.ts'
import { type SomeRoutes, startRoutes } from './support/some-routes.ts'

const formula = '=HYPERLINK("http://x.example","Bob")'
const firstDay = '2026-06-01'
const nextDay = '2026-06-02'

let shop: OrdersHarness
let desk: SomeRoutes

beforeAll(async () => {
  shop = await startOrders()
  desk = await startRoutes(
    [listReportsRoute, getReportRoute, downloadReportRoute, authorsRoute],
    shop.orders.deps,
  )
  await trade()
})
afterAll(async () => {
  await desk.stop()
  await shop.stop()
})

/** As the catalogue's, which is beside these. */
function authorsRoute(app: Parameters<typeof getReportRoute>[0]): void {
  app.get('/api/reports/authors', { config: { access: 'public' }, schema: {} }, () => ({ authors: [] }))
}

/** Two days of a shop, whose figures the tests have worked out by hand. */
async function trade(): Promise<void> {
  const publisher = { id: '018f0000-0000-7000-8000-0000000000f1', name: 'Some Press' }
  const ada = { id: '018f0000-0000-7000-8000-0000000000a1', name: 'Ada "The" Author' }
  const bob = { id: '018f0000-0000-7000-8000-0000000000a2', name: formula }
  const cyd = { id: '018f0000-0000-7000-8000-0000000000a3', name: 'Cyd Coauthor' }
  const one = shop.catalog.add({ authors: [ada], publisher })
  const two = shop.catalog.add({
    authors: [bob, cyd],
    publisher: null,
    price: { amount: 1000, currency: 'EUR', includesTax: true },
  })
  const digital = shop.catalog.add({
    authors: [ada],
    publisher,
    format: 'ebook',
    price: { amount: 499, currency: 'EUR', includesTax: true },
  })
  for (const { id } of [one, two]) await receive(shop, id, 10)
  // 25.98 and 10.00 and 2.95 for shipping, all at 7 %.
  const sold = await order([one.id, 2], [two.id, 1])
  await settled(shop)
  await cancelled([one.id, 1])
  await declined([one.id, 1])
  shop.clock.now = new Date(`${firstDay}T23:55:00Z`)
  await order([digital.id, 1])
  shop.clock.now = new Date(`${nextDay}T00:05:00Z`)
  // Paid on the next day.
  await settled(shop)
  await handle(shop, sold, 'ship', {})
  await handle(shop, sold, 'return', { lines: [{ position: 1, quantity: 1, restock: true }] })
  await settled(shop)
  shop.clock.advance(1_000)
  await handle(shop, sold, 'refund', { amount: { amount: 500, currency: 'EUR' }, reason: 'a scratch' })
  await settled(shop)
  await paidTooLate([one.id, 1])
  shop.clock.now = new Date('2026-06-03T02:15:00Z')
}

async function order(...lines: [bookId: string, quantity: number][]): Promise<string> {
  return (await place('tok_approve', lines)).id
}

async function place(token: string, lines: [bookId: string, quantity: number][]) {
  const { body, status } = await shop.send('POST', '/api/orders', {
    as: 'customer',
    headers: { 'idempotency-key': crypto.randomUUID() },
    body: {
      lines: lines.map(([bookId, quantity]) => ({ bookId, quantity })),
      shippingAddress: address,
      payment: { token },
    },
  })
  expect(status).toBe(202)
  return body
}

async function cancelled(...lines: [string, number][]): Promise<void> {
  const id = await order(...lines)
  await settled(shop)
  expect(await shop.send('POST', `/api/orders/${id}/cancel`, { as: 'customer' })).toMatchObject({
    status: 200,
  })
  await settled(shop)
  expect(await read(shop, id)).toMatchObject({ status: 'refunded' })
}

async function declined(...lines: [string, number][]): Promise<void> {
  await place('tok_decline', lines)
  await settled(shop)
}

/** The money comes when the copies are free again, and is given back. */
async function paidTooLate(...lines: [string, number][]): Promise<void> {
  const { id } = await place('tok_webhook_only', lines)
  await shop.settle()
  shop.clock.advance(16 * 60_000)
  await shop.run('orders.expire', { order_id: id })
  shop.payments.settle(`charge-${id}`)
  await settled(shop)
  expect(await read(shop, id)).toMatchObject({ status: 'refunded' })
}

const get = (path: string) => desk.send('GET', `/api/reports${path}`, { as: 'staff' })
const run = (name: string, day: string) => runReport(shop.orders.deps, reportNamed(name), day)

describe('sales', () => {
  it('by day: what was paid on each, less what was given back on it', async () => {
    const { rows, columns } = await run('sales-by-day', nextDay)
    expect(columns.map(({ name }) => name)).toEqual([
      'day',
      'currency',
      'orders',
      'copies',
      'net',
      'tax',
      'gross',
      'shipping',
      'refunded',
    ])
    expect(rows).toHaveLength(7)
    expect(rows.slice(4)).toEqual([
      ['2026-05-31', 'EUR', 0, 0, 0, 0, 0, 0, 0],
      [firstDay, 'EUR', 2, 3, 3639, 254, 3893, 295, 1594],
      // An e-book and what was paid too late; a copy came back, and five euros for nothing in particular.
      [nextDay, 'EUR', 2, 0, -1216, -84, -1300, -38, 1299 + 500 + 1594],
    ])
  })

  it('have nothing of a refund that the provider refused', async () => {
    const { now } = shop.clock
    shop.clock.now = new Date('2026-05-10T12:00:00Z')
    const { id: bookId } = shop.catalog.add()
    await receive(shop, bookId, 1)
    const id = await order([bookId, 1])
    await settled(shop)
    await handle(shop, id, 'ship', {})
    shop.payments.refusal = 'the charge is disputed'
    await handle(shop, id, 'return', { lines: [{ position: 1, quantity: 1, restock: true }] })
    await settled(shop)
    shop.payments.refusal = null
    shop.clock.advance(1_000)
    await handle(shop, id, 'refund', { amount: { amount: 1299, currency: 'EUR' }, reason: 'once more' })
    await settled(shop)
    shop.clock.advance(1_000)
    shop.payments.refusal = 'the charge is disputed'
    await handle(shop, id, 'refund', { amount: { amount: 1, currency: 'EUR' }, reason: 'a bent corner' })
    await settled(shop)
    shop.payments.refusal = null
    const { rows } = await run('sales-by-day', '2026-05-10')
    expect(rows.at(-1)?.slice(0, 4)).toEqual(['2026-05-10', 'EUR', 1, 0])
    shop.clock.now = now
  })

  it('have nothing of a charge that took less, or another currency, than the order costs', async () => {
    const { now } = shop.clock
    shop.clock.now = new Date('2026-05-12T12:00:00Z')
    const { id: bookId } = shop.catalog.add()
    await receive(shop, bookId, 1)
    for (const took of [
      { amount: 1000, currency: 'EUR' },
      { amount: 1594, currency: 'USD' },
    ]) {
      shop.payments.outcomes.set('tok_other', { take: () => took })
      const { id } = await place('tok_other', [[bookId, 1]])
      await settled(shop)
      shop.clock.advance(16 * 60_000)
      await shop.run('orders.expire', { order_id: id })
      await settled(shop)
      expect(await read(shop, id)).toMatchObject({ payment: { status: 'charged' } })
    }
    const { rows } = await run('sales-by-day', '2026-05-12')
    expect(rows.at(-1)).toEqual(['2026-05-12', 'EUR', 0, 0, 0, 0, 0, 0, 0])
    shop.clock.now = now
  })

  it('by author: whole for each, without shipping', async () => {
    const { rows } = await run('sales-by-author', firstDay)
    expect(rows.map(([, ...row]) => row)).toEqual([
      ['Ada "The" Author', 'EUR', 2, 2428, 170, 2598],
      [formula, 'EUR', 1, 935, 65, 1000],
      ['Cyd Coauthor', 'EUR', 1, 935, 65, 1000],
    ])
    const next = await run('sales-by-author', nextDay)
    expect(next.rows.map(([, ...row]) => row)).toEqual([
      [formula, 'EUR', 0, -120, -8, -128],
      ['Cyd Coauthor', 'EUR', 0, -120, -8, -128],
      ['Ada "The" Author', 'EUR', 0, -1060, -74, -1134],
    ])
  })

  it('by publisher: to the unit what the day has without shipping', async () => {
    expect((await run('sales-by-publisher', firstDay)).rows).toEqual([
      [expect.any(String), 'Some Press', 'EUR', 2, 2428, 170, 2598],
      [null, null, 'EUR', 1, 935, 65, 1000],
    ])
    const { rows } = await run('sales-by-publisher', nextDay)
    expect(rows.reduce((sum, row) => sum + Number(row[6]), 0)).toBe(-1300 + 38)
  })

  it('of a day without any are empty', async () => {
    for (const name of ['sales-by-author', 'sales-by-publisher']) {
      expect(await run(name, '2026-01-01')).toMatchObject({ status: 'done', rowCount: 0, rows: [] })
    }
  })
})

describe('stock', () => {
  it('to reorder is what is at its level or below, with titles', async () => {
    const book = shop.catalog.add({ title: 'Nearly Gone', isbn13: '9780439023481' })
    const enough = shop.catalog.add()
    await receive(shop, book.id, 3)
    await receive(shop, enough.id, 4)
    await shop.test.database.query(sql`
      update orders.stock set reorder_level = 3 where book_id = any(${[book.id, enough.id]}::uuid[])`)
    const { rows } = await run('stock-to-reorder', nextDay)
    expect(rows).toEqual([[book.id, '9780439023481', 'Nearly Gone', 'Some Press', 3, 3, 3, 0]])
  })

  it('that adds up has no row in the check; what does not is told', async () => {
    expect(await run('stock-check', nextDay)).toMatchObject({ status: 'done', rows: [] })
    const book = shop.catalog.add()
    await receive(shop, book.id, 3)
    await shop.test.database.query(sql`update orders.stock set on_hand = 4 where book_id = ${book.id}`)
    const { rows } = await run('stock-check', nextDay)
    expect(rows).toEqual([['ledger', book.id, null, expect.stringContaining('4 on hand')]])
    await shop.test.database.query(sql`update orders.stock set on_hand = 3 where book_id = ${book.id}`)
  })

  it('in more rows than are kept is cut, and says so', async () => {
    await shop.test.database.query(sql`
      insert into orders.stock (book_id, reorder_level, updated_at)
      select gen_random_uuid(), 5, now() from generate_series(1, ${maxRows + 1})`)
    const { booksForSale } = shop.catalog
    let [asked, open, atOnce] = [0, 0, 0]
    shop.catalog.booksForSale = async (ids) => {
      asked += 1
      open += 1
      atOnce = Math.max(atOnce, open)
      return booksForSale(ids).finally(() => open--)
    }
    const made = await run('stock-to-reorder', '2026-05-01')
    shop.catalog.booksForSale = booksForSale
    expect(made).toMatchObject({ rowCount: maxRows, isCut: true })
    expect(made.rows[0]?.slice(1)).toEqual([null, null, null, 0, 5, 0, 0])
    // Buyers have need of the other connections.
    expect([asked, atOnce]).toEqual([21, 1])
    await shop.test.database.query(sql`delete from orders.stock where reorder_level = 5`)
  })

  it('with more differences than are told says how many', async () => {
    await shop.test.database.query(sql`
      insert into orders.stock (book_id, on_hand, updated_at)
      select gen_random_uuid(), 1, '2000-01-01' from generate_series(1, 1002)`)
    const { rows } = await run('stock-check', '2026-05-01')
    expect(rows).toHaveLength(1001)
    expect(rows.at(-1)).toEqual(['more', null, null, 'and 2 more'])
    await shop.test.database.query(sql`delete from orders.stock where updated_at = '2000-01-01'`)
  })
})

describe('what is kept', () => {
  it('is one of each report and day, however often and at once it is made', async () => {
    const first = await run('sales-by-day', '2026-04-01')
    shop.clock.advance(60_000)
    const again = await Promise.all([run('sales-by-day', '2026-04-01'), run('sales-by-day', '2026-04-01')])
    for (const { id, createdAt, finishedAt } of again) {
      expect({ id, createdAt }).toEqual({ id: first.id, createdAt: first.createdAt })
      expect(finishedAt).not.toBe(first.finishedAt)
    }
    expect((await get('?name=sales-by-day&day=2026-04-01')).body.items).toHaveLength(1)
  })

  it('stays when it fails later, and a failure is kept until it succeeds', async () => {
    const { deps } = shop.orders
    const report = reportNamed('sales-by-day')
    await keepFailure(deps, report, '2026-04-02', 'no disk')
    const failed = (await get('?day=2026-04-02')).body.items
    expect(failed).toMatchObject([{ status: 'failed', error: 'no disk', rowCount: 0 }])
    await keepFailure(deps, report, '2026-04-02', 'no memory')
    expect((await get('?day=2026-04-02')).body.items).toMatchObject([
      { id: failed[0].id, error: 'no memory' },
    ])
    await run('sales-by-day', '2026-04-02')
    await keepFailure(deps, report, '2026-04-02', 'no disk')
    expect((await get('?day=2026-04-02')).body.items).toMatchObject([
      { status: 'done', error: null, rowCount: 7 },
    ])
  })

  it('is listed by pages, the last made first', async () => {
    for (const { name } of reports) await run(name, '2026-03-01')
    const pages: string[][] = []
    for (let cursor = ''; ; ) {
      const { body } = await get(`?day=2026-03-01&limit=2${cursor && `&cursor=${cursor}`}`)
      pages.push(body.items.map(({ name }: { name: string }) => name))
      if (body.nextCursor === null) break
      cursor = body.nextCursor
    }
    expect(pages.map(({ length }) => length)).toEqual([2, 2, 1])
    expect(pages.flat()).toEqual(reports.map(({ name }) => name).toReversed())
    expect(await get('?name=profit')).toMatchObject({ status: 400, body: { errors: [{ path: 'name' }] } })
    expect(await get('?day=2026-02-31')).toMatchObject({ status: 400, body: { errors: [{ path: 'day' }] } })
    expect(await get('?cursor=x')).toMatchObject({ status: 400, body: { code: 'invalid_cursor' } })
  })

  it('is listed first again when it is made again, wherever a cursor points by then', async () => {
    const days = ['2026-04-11', '2026-04-12', '2026-04-13']
    const top = async () => (await get('?limit=3')).body.items.map(({ day }: { day: string }) => day)
    for (const day of days) {
      shop.clock.advance(1_000)
      await run('sales-by-day', day)
    }
    expect(await top()).toEqual(['2026-04-13', '2026-04-12', '2026-04-11'])
    const { nextCursor } = (await get('?limit=1')).body
    shop.clock.advance(1_000)
    for (const day of ['2026-04-11', '2026-04-13']) await run('sales-by-day', day)
    // Of the same moment, the one that was first made last is the first.
    expect(await top()).toEqual(['2026-04-13', '2026-04-11', '2026-04-12'])
    expect((await get(`?limit=1&cursor=${nextCursor}`)).body.items).toMatchObject([{ day: '2026-04-12' }])
  })

  it.each([Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER])(
    'is listed from any moment: %d',
    async (key) => {
      const cursor = encodeCursor({}, [key, '018f0000-0000-7000-8000-000000000000'])
      expect(await get(`?cursor=${cursor}`)).toMatchObject({ status: 200 })
    },
  )

  it('is listed by an index', async () => {
    const plan = await shop.test.database.transaction(async (tx) => {
      await tx.query(sql`set local enable_seqscan = off`)
      return tx.query<{ 'QUERY PLAN': string }>(sql`
        explain select id from orders.reports order by finished_at desc, id desc limit 10`)
    })
    const text = plan.map((row) => row['QUERY PLAN']).join('\n')
    expect(text).toContain('Backward using reports_by_last_made')
    expect(text).not.toContain('Sort')
  })

  it('is read with its rows, and downloaded as CSV that no spreadsheet runs', async () => {
    const made = await run('sales-by-author', firstDay)
    const { status, body } = await get(`/${made.id}`)
    expect(status).toBe(200)
    expect(body).toEqual(made)
    const csv = await get(`/${made.id}/csv`)
    expect(csv).toMatchObject({
      status: 200,
      headers: {
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': `attachment; filename="sales-by-author-${firstDay}.csv"`,
      },
    })
    expect(csv.body.split('\r\n')).toEqual([
      'authorId,author,currency,copies,net,tax,gross',
      '018f0000-0000-7000-8000-0000000000a1,"Ada ""The"" Author",EUR,2,24.28,1.70,25.98',
      `018f0000-0000-7000-8000-0000000000a2,"'=HYPERLINK(""http://x.example"",""Bob"")",EUR,1,9.35,0.65,10.00`,
      '018f0000-0000-7000-8000-0000000000a3,Cyd Coauthor,EUR,1,9.35,0.65,10.00',
      '',
    ])
    const nobody = '018f0000-0000-7000-8000-000000000000'
    for (const path of [`/${nobody}`, `/${nobody}/csv`]) {
      expect(await get(path)).toMatchObject({ status: 404, body: { code: 'report_not_found' } })
    }
  })

  it('does not stand before the report of authors', async () => {
    expect(await get('/authors')).toMatchObject({ status: 200, body: { authors: [] } })
    expect(await get('/publishers')).toMatchObject({ status: 400, body: { errors: [{ path: 'id' }] } })
  })

  it('is forgotten two years after it was last made, with all the others, however many', async () => {
    const { id } = await run('sales-by-day', '2020-01-01')
    await shop.test.database.query(sql`
      insert into orders.reports (id, name, day, status, columns, rows, row_count, created_at, finished_at)
      select gen_random_uuid(), 'sales-by-day', '1900-01-01'::date + n, 'done', '[]', '[]', 0, made, made
      from generate_series(1, 1001) n, (select ${shop.clock.now}::timestamptz - interval '729 days' as made) as once`)
    const left = async () =>
      (await shop.test.database.query(sql`select from orders.reports where day < '1910-01-01'`)).length
    await shop.run('orders.forget_reports')
    expect(await left()).toBe(1_001)
    shop.clock.advance(2 * 86_400_000)
    await shop.run('orders.forget_reports')
    expect(await left()).toBe(0)
    expect((await get(`/${id}`)).status).toBe(200)
  })

  it('is for staff', async () => {
    const { id } = await run('stock-check', nextDay)
    for (const path of ['', `/${id}`, `/${id}/csv`]) {
      expect(await desk.send('GET', `/api/reports${path}`)).toMatchObject({ status: 401 })
      expect(await desk.send('GET', `/api/reports${path}`, { as: 'customer' })).toMatchObject({ status: 403 })
    }
  })
})
