import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPaymentsSandbox } from '@colophon/payments-sandbox'
import { type Sql, sql } from '@colophon/postgres'
import { createLogger } from '@colophon/runtime'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { patience } from '../../services/orders/src/process/next-steps.ts'
import type { TestShop } from '../support/shop.ts'
import type { Acknowledged } from './buyers.ts'
import { webhooksGivenUp } from './given-up.ts'
import { comeToRest } from './rest.ts'
import { shopWithOrder } from './shop-with-order.ts'
import { judgeAtRest } from './verdict.ts'

let shop: TestShop
let order: Acknowledged

beforeAll(async () => {
  ;({ shop, order } = await shopWithOrder())
})
afterAll(() => shop.stop())

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

const dueIn = (seconds: number, nudges = 0) => sql`
  update orders.orders set due_at = now() + ${`${seconds} seconds`}::interval, nudges = ${nudges}`
const notDue = sql`update orders.orders set due_at = null, nudges = 0`

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

  it('such as an order', async () => {
    expect(await judgedAfter(dueIn(40), notDue)).toEqual({
      faults: [expect.stringMatching(/^not at rest .*\(1 order\)/), expect.stringMatching(/^stuck/)],
      due: false,
    })
  })

  it.each([0, 1, 7, 100])(
    "though that is due after a quarter of the sweeper's patience: %i nudges",
    async (nudges) => {
      const left = (patience(nudges) / 1_000) * 0.75
      expect((await judgedAfter(dueIn(left - 5, nudges), notDue, true)).due).toBe(true)
      // It was moved on lately, or is due later than it should be.
      expect((await judgedAfter(dueIn(left + 5, nudges), notDue, true)).due).toBe(false)
    },
  )

  it('unless somebody ends the wait', async () => {
    const signal = AbortSignal.abort(new Error('it is over'))
    const query = () => Promise.reject(new Error('it is away'))
    const away = { query, one: query, maybeOne: query }
    const waiting = comeToRest(away, { patience: 60_000, hurries: false, signal, tell: () => {} })
    await expect(waiting).rejects.toThrow('aborted')
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
