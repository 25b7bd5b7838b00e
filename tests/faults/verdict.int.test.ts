import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPaymentsSandbox } from '@colophon/payments-sandbox'
import { type Sql, sql } from '@colophon/postgres'
import { createLogger } from '@colophon/runtime'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { orderOf } from '../../services/orders/test/support/shopping.ts'
import { startTestShop, type TestShop } from '../support/shop.ts'
import type { Acknowledged } from './buyers.ts'
import { webhooksGivenUp } from './given-up.ts'
import { comeToRest, type Unfinished, unfinished } from './rest.ts'
import { judge, judgeAtRest } from './verdict.ts'

let shop: TestShop
const lost: Acknowledged = { id: randomUUID(), token: 'tok_approve', cancel: null }
let order: Acknowledged

// One order that is paid for and confirmed, of one copy of two.
beforeAll(async () => {
  shop = await startTestShop()
  const authorization = `Bearer ${await shop.tokenOf('staff')}`
  const price = { amount: 1299, currency: 'EUR' }
  const bookId = await post('/api/books', { title: 'A Book', format: 'paperback', price }, { authorization })
  const headers = { authorization, 'idempotency-key': randomUUID() }
  await post(`/api/inventory/${bookId}/adjustments`, { delta: 2, reason: 'goods_in' }, headers)
  const sent = orderOf([{ bookId, quantity: 1 }], { email: 'guest@example.com' })
  const id = await post('/api/orders', sent, { 'idempotency-key': randomUUID() })
  order = { id, token: 'tok_approve', cancel: null }
  await shop.settle()
})
afterAll(() => shop.stop())

async function post(url: string, payload: object, headers: Record<string, string>): Promise<string> {
  const response = await shop.gateway.app.inject({ method: 'POST', url, payload, headers })
  expect(response.statusCode, response.body).toBeLessThan(300)
  return response.json().id
}

class Rollback extends Error {}

/** What is found where this was done to the order, which it is not any more afterwards. */
async function foundAfter(...damages: Sql[]) {
  let found: { faults: string[]; left: Unfinished['what'][] } | undefined
  const work = shop.test.database.transaction(async (tx) => {
    for (const damage of damages) await tx.query(damage)
    const left = await unfinished(tx)
    found = { faults: (await judge(tx, [order])).faults, left: left.map(({ what }) => what) }
    throw new Rollback()
  })
  await expect(work).rejects.toThrow(Rollback)
  return found
}

/** A charge that the provider has taken beside the order's own. */
const charged = (reference: unknown) => sql`
  insert into payments_sandbox.charges (id, key, amount, currency, token, reference, status, reason, created_at, settled_at)
  select gen_random_uuid(), 'another', amount, currency, token, ${reference}, status, reason, created_at, settled_at
  from payments_sandbox.charges`

/** All money of the order is given back, in the books of both sides. */
const givenBack = () => [
  sql`insert into payments_sandbox.refunds (id, key, charge_id, amount, created_at)
    select id, key, id, amount, created_at from payments_sandbox.charges`,
  sql`update orders.orders set refunded = total`,
]

/** A copy more leaves the stock for the order, in whose place another came: stock and ledger agree. */
const takenTwice = () => sql`
  insert into orders.stock_ledger (book_id, on_hand, held, reason, actor, order_id, at)
  select book_id, -1, 0, 'sale', 'system', ${order.id}::uuid, now() from orders.stock
  union all select book_id, 1, 0, 'goods_in', 'system', null, now() from orders.stock`

describe('the verdict', { retry: 0 }, () => {
  it('finds nothing where all is well', async () => {
    const { database } = shop.test
    expect(await judge(database, [order])).toMatchObject({ statuses: { confirmed: 1 }, faults: [] })
    expect(await unfinished(database)).toEqual([])
  })

  it.each<[string, () => Acknowledged[], () => string]>([
    ['was acknowledged and is not there', () => [order, lost], () => lost.id],
    ['is there and was acknowledged to nobody', () => [], () => order.id],
    ['was acknowledged twice', () => [order, order], () => '"times":2'],
  ])('finds an order that %s', async (_, acknowledged, named) => {
    const { faults } = await judge(shop.test.database, acknowledged())
    expect(faults).toEqual([expect.stringMatching(/^acknowledged and lost, .*: 1,/)])
    expect(faults[0]).toContain(named())
  })

  it.each<[string, Partial<Acknowledged>]>([
    ['is sold though its card was declined', { token: 'tok_decline' }],
    ['is sold though its cancel was answered', { cancel: 'cancelled' }],
    ['is sold though it was given back', { cancel: 'refunded' }],
    ['is sold whole though its rest was cancelled', { cancel: 'shipped' }],
    ['can be cancelled, and that was refused', { cancel: 'order_state' }],
  ])('finds an order that %s', async (_, told) => {
    const { faults } = await judge(shop.test.database, [{ ...order, ...told }])
    expect(faults).toEqual([expect.stringMatching(/^something else than their token .*: 1,/)])
  })

  it.each(['declined', 'expired'])('finds an order that is %s though its card was good', async (status) => {
    const { faults } = (await foundAfter(sql`update orders.orders set status = ${status}`)) ?? {}
    expect(faults).toContainEqual(expect.stringMatching(/^something else than their token/))
  })

  it('finds money that was given back for what nobody cancelled', async () => {
    const { faults } = (await foundAfter(...givenBack())) ?? {}
    expect(faults).toEqual([expect.stringMatching(/^something else than their token/)])
  })

  it('finds a second charge of an order under another key', async () => {
    const { faults } = (await foundAfter(charged(order.id))) ?? {}
    expect(faults).toEqual([
      expect.stringMatching(/^charged twice, .*"charges":2/),
      expect.stringMatching(/^money kept /),
    ])
  })

  it.each<[string, () => Sql[], RegExp, Unfinished['what'][]]>([
    ['a charge without an order', () => [charged(lost.id)], /^charged twice, for no order/, []],
    ['a charge for nothing', () => [charged(null)], /^charged twice, for no order/, []],
    [
      'a charge that is not decided',
      () => [
        sql`insert into payments_sandbox.charges
          (id, key, amount, currency, token, reference, status, reason, decide_at, created_at)
          select gen_random_uuid(), 'another', amount, currency, token, reference, 'pending', '', now(), now()
          from payments_sandbox.charges`,
      ],
      /^charges that the provider has not decided/,
      [],
    ],
    [
      'money that was given back for what is sold',
      () => [
        sql`insert into payments_sandbox.refunds (id, key, charge_id, amount, created_at)
          select id, key, id, 1, created_at from payments_sandbox.charges`,
      ],
      /^money kept .*, or given back/,
      [],
    ],
    [
      'a payment without an invoice',
      () => [sql`delete from orders.invoices`],
      /^paid without an invoice/,
      [],
    ],
    [
      'a refund without a credit note',
      () => [
        sql`insert into orders.refunds (id, order_id, amount, reason, actor, status, created_at, done_at)
          select gen_random_uuid(), id, 1, '', 'system', 'done', now(), now() from orders.orders`,
      ],
      /^given back without a credit note/,
      [],
    ],
    [
      'a gap in the numbers of invoices',
      () => [sql`update orders.invoices set number = number + 1`],
      /^numbers of invoices that are missing: 1, .*"last":2/,
      [],
    ],
    [
      'stock that its ledger does not have',
      () => [sql`update orders.stock set on_hand = 7`],
      /^stock that/,
      [],
    ],
    ['copies that left the stock twice', () => [takenTwice()], /^copies out of nothing, or/, []],
    [
      'copies out of nothing',
      () => [sql`update orders.stock_ledger set order_id = null where reason = 'sale'`],
      /^copies out of nothing, or/,
      [],
    ],
    [
      'a line that lacks a copy',
      () => [sql`update orders.order_lines set quantity = quantity + 1`],
      /^lines with copies that are neither/,
      [],
    ],
    ['an order that is stuck', () => [sql`update orders.orders set due_at = now()`], /^stuck: 1/, ['order']],
    [
      'a hold',
      () => [sql`insert into orders.holds select ${order.id}, book_id, 1 from orders.stock`],
      /^holds/,
      [],
    ],
    [
      'a message that is parked, and does not wait for it',
      () => [
        sql`insert into orders.outbox (key, topic, payload, state, parked_at) values ('a', 'b', '{}', 'parked', now())`,
      ],
      /^messages that are left.*parked/,
      [],
    ],
    [
      'a mail that nobody sends any more',
      () => [sql`update orders.mails set sent_at = null, due_at = null`],
      /^mails that were not sent/,
      [],
    ],
    [
      'a book that the catalogue takes to be sold out',
      () => [sql`update catalog.books set in_stock = false`],
      /^books whose inStock/,
      ['book'],
    ],
  ])('finds %s', async (_, damages, fault, left) => {
    expect(await foundAfter(...damages())).toEqual({ faults: [expect.stringMatching(fault)], left })
  })
})

/** What is judged after this, without any patience, and then undone. */
async function judgedAfter(damage: Sql, undo: Sql, hurries = false) {
  const { database } = shop.test
  await database.query(damage)
  const verdict = await judgeAtRest(database, [order], { patience: 0, hurries, tell: () => {} })
  const { due } = await database.one<{ due: boolean | null }>(
    sql`select due_at <= now() as due from orders.orders`,
  )
  await database.query(undo)
  return { faults: verdict.faults, due }
}

const dueIn = (time: string) => sql`update orders.orders set due_at = now() + ${time}::interval`
const notDue = sql`update orders.orders set due_at = null`

describe('what does not come to rest is a fault', { retry: 0 }, () => {
  it('such as a mail that is not sent yet, whose order is named', async () => {
    const damage = sql`update orders.mails set sent_at = null, due_at = now() + interval '10 minutes'`
    const undo = sql`update orders.mails set sent_at = now(), due_at = null`
    const { faults } = await judgedAfter(damage, undo)
    expect(faults).toEqual([
      expect.stringMatching(/^not at rest after 0 s \(1 mail\): 1, such as .*wanted .* due /),
    ])
    expect(faults[0]).toContain(order.id)
  })

  it('such as a webhook that the shop does not take', async () => {
    const damage = sql`insert into payments_sandbox.webhooks (body, attempts, due_at) values ('{}', 7, now())`
    const { faults } = await judgedAfter(damage, sql`delete from payments_sandbox.webhooks`)
    expect(faults).toEqual([expect.stringMatching(/^not at rest .*\(1 webhook\).*tried 7 times/)])
  })

  it('such as an order, which may be due to the sweeper after a quarter of its minute', async () => {
    expect(await judgedAfter(dueIn('40 seconds'), notDue)).toEqual({
      faults: [expect.stringMatching(/^not at rest .*\(1 order\)/), expect.stringMatching(/^stuck/)],
      due: false,
    })
    expect((await judgedAfter(dueIn('40 seconds'), notDue, true)).due).toBe(true)
    // It was moved on ten seconds ago, or is due later than it should be.
    expect((await judgedAfter(dueIn('50 seconds'), notDue, true)).due).toBe(false)
  })

  it('such as a database that does not answer', async () => {
    const query = () => Promise.reject(new Error('it is away'))
    const away = { query, one: query, maybeOne: query }
    const left = await comeToRest(away, { patience: 0, hurries: false, tell: () => {} })
    expect(left).toEqual([{ what: 'database', id: '', state: 'it is away' }])
  })
})

it('webhooks that the sandbox gives up are found in its log', { retry: 0 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'colophon-faults-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const log = join(folder, 'log')
  const lines: string[] = []
  const destination = { write: (line: string) => void lines.push(line) }
  const { database } = shop.test
  const sandbox = await createPaymentsSandbox({
    database,
    logger: createLogger({ level: 'info', readable: false, destination }),
    version: '0.0.0',
    webhook: { url: 'http://127.0.0.1:1', secret: randomBytes(8).toString('hex'), attempts: 2, retryMs: 1 },
  })
  await sandbox.start()
  onTestFinished(() => sandbox.stop())
  await database.query(sql`insert into payments_sandbox.webhooks (body, due_at) values ('{}', now())`)
  await sandbox.settle()
  await writeFile(log, lines.join(''))
  expect(await webhooksGivenUp(log)).toEqual([expect.stringContaining('"attempts":2')])
})
