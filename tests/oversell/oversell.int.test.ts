// 1,000 buyers at once for 1 copy and 5,000 for 100, over two processes on one PostgreSQL: prints its figures.
import { randomBytes } from 'node:crypto'
import { sql } from '@colophon/postgres'
import { createTestDatabase, type TestDatabase } from '@colophon/postgres/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runColophon, type Served, serveColophon } from '../../apps/colophon/test/process.ts'
import { urlOf } from '../../apps/colophon/test/support.ts'
import { holdSale } from './sale.ts'

let test: TestDatabase
let environment: Record<string, string>
const processes: Served[] = []
let token: string

beforeAll(async () => {
  test = await createTestDatabase()
  environment = {
    DATABASE_URL: urlOf(test),
    SECRET_KEY: randomBytes(32).toString('base64url'),
    ADMIN_PASSWORD: 'correct horse battery staple',
    CLIENT_REQUESTS_PER_MINUTE: '0',
    ACCOUNT_REQUESTS_PER_MINUTE: '0',
    LOG_LEVEL: 'info',
  }
  processes.push(await serveColophon(environment, ['api']), await serveColophon(environment, ['api']))
  token = (await runColophon(['token', '--role', 'admin'], environment)).output.trim()
}, 120_000)

afterAll(async () => {
  await Promise.all(processes.map((served) => served.end('SIGTERM')))
  await test.drop()
})

async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${processes[0]?.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
    body: JSON.stringify(body),
  })
  const answer = (await response.json()) as { id: string }
  if (!response.ok) throw new Error(`${path}: ${JSON.stringify(answer)}`)
  return answer
}

async function bookWith(copies: number): Promise<string> {
  const { id } = await post('/api/books', {
    title: `A book of ${copies} copies`,
    price: { amount: 1299, currency: 'EUR' },
    format: 'paperback',
  })
  const adjustment = { delta: copies, reason: 'goods_in' }
  await post(`/api/inventory/${id}/adjustments`, adjustment, {
    'idempotency-key': `goods in ${id}`.replaceAll(' ', '-'),
  })
  return id
}

it.each([
  [1_000, 1],
  [5_000, 100],
])(
  '%i buyers at once for %i copies over two processes: no more are sold',
  async (buyers, copies) => {
    const bookId = await bookWith(copies)
    const urls = processes.map(({ url }) => url)
    const { accepted, refused, strange, retries, seconds } = await holdSale({ urls, bookId, buyers })
    console.log(
      `${buyers} buyers, ${copies} copies, 2 processes: ${accepted.length} sold, ${refused} told 409, ` +
        `${retries} tries were answered 429 or 503 and sent again, ${seconds.toFixed(1)} s`,
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
  240_000,
)
