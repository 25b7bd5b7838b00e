// 1,000 buyers at once for 1 copy and 5,000 for 100, over two processes on one PostgreSQL: prints its figures.
import { randomBytes } from 'node:crypto'
import { sql } from '@colophon/postgres'
import { createTestDatabase, type TestDatabase } from '@colophon/postgres/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Served, serveColophon } from '../../apps/colophon/test/process.ts'
import { urlOf } from '../../apps/colophon/test/support.ts'
import { type Staff, signIn } from '../support/staff.ts'
import { holdSale } from './sale.ts'

let test: TestDatabase
const processes: Served[] = []
let staff: Staff

beforeAll(async () => {
  test = await createTestDatabase()
  const environment = {
    DATABASE_URL: urlOf(test),
    SECRET_KEY: randomBytes(32).toString('base64url'),
    ADMIN_PASSWORD: 'correct horse battery staple',
    CLIENT_REQUESTS_PER_MINUTE: '0',
    ACCOUNT_REQUESTS_PER_MINUTE: '0',
    LOG_LEVEL: 'info',
  }
  const first = await serveColophon(environment, ['api'])
  processes.push(first, await serveColophon(environment, ['api']))
  staff = await signIn(first.url, environment)
}, 120_000)

afterAll(async () => {
  await Promise.all(processes.map((served) => served.end('SIGTERM')))
  await test.drop()
})

it.each([
  [1_000, 1],
  [5_000, 100],
])(
  '%i buyers at once for %i copies over two processes: no more are sold',
  // What is sold once too often is wrong: it is not tried again.
  { timeout: 240_000, retry: 0 },
  async (buyers, copies) => {
    const price = { amount: 1299, currency: 'EUR' }
    const bookId = await staff.addBook({ title: 'A book', format: 'paperback', price }, copies)
    const urls = processes.map(({ url }) => url)
    const { accepted, refused, strange, retries, seconds } = await holdSale({ urls, bookId, buyers })
    console.log(
      `${buyers} buyers, ${copies} copies, 2 processes: ${accepted.length} sold, ${refused} told 409, ` +
        `tried again after ${JSON.stringify(retries)}, ${seconds.toFixed(1)} s`,
    )
    expect(strange).toEqual([])
    expect(new Set(accepted).size).toBe(copies)
    expect(refused).toBe(buyers - copies)
    const books = await test.database.one(sql`
    select stock.on_hand as "onHand", stock.held,
      (select sum(on_hand) from orders.stock_ledger where book_id = stock.book_id) as entered,
      (select sum(held) from orders.stock_ledger where book_id = stock.book_id) as "enteredHeld",
      (select sum(quantity) from orders.holds where book_id = stock.book_id) as holds,
      (select count(*) from orders.order_lines where book_id = stock.book_id) as lines
    from orders.stock stock where stock.book_id = ${bookId}`)
    expect(books).toEqual({
      onHand: copies,
      held: copies,
      entered: copies,
      enteredHeld: copies,
      holds: copies,
      lines: copies,
    })
  },
)
