import { createHmac } from 'node:crypto'
import { sql } from '@colophon/postgres'
import { createTestDatabase, type TestDatabase } from '@colophon/postgres/testing'
import { createLogger } from '@colophon/runtime'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type Receiver, startReceiver, startSandbox } from './harness.ts'

let db: TestDatabase

beforeAll(async () => {
  db = await createTestDatabase()
})
afterAll(() => db.drop())

const secret = 'whsec_test'

async function start(receiver: Receiver, more: { attempts?: number; timeoutMs?: number } = {}) {
  const webhook = { url: receiver.url, secret, retryMs: 1, ...more }
  const bank = await startSandbox({ test: db, webhook })
  onTestFinished(async () => {
    await bank.stop()
    await receiver.stop()
  })
  return bank
}

async function waiting(): Promise<number> {
  const { count } = await db.database.one<{ count: number }>(sql`
    select count(*) as count from payments_sandbox.webhooks`)
  return count
}

const events = (receiver: Receiver) => receiver.received.map(({ body }) => JSON.parse(body))

describe('a webhook', () => {
  test('tells of charges and refunds, signed over its bytes', async () => {
    const receiver = await startReceiver()
    const bank = await start(receiver)
    const { body: charge } = await bank.charge('tok_approve')
    const back = { chargeId: charge.id, amount: 5, currency: 'EUR' }
    const { body: refund } = await bank.post('/v1/refunds', back, { 'idempotency-key': 'back' })
    await bank.sandbox.settle()
    const told = events(receiver).map(({ type, data }) => ({ type, data }))
    expect(told).toContainEqual({ type: 'charge.settled', data: charge })
    expect(told).toContainEqual({ type: 'refund.done', data: refund })
    for (const { headers, body } of receiver.received) {
      const [, seconds = '', hex] =
        /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['payments-signature'])) ?? []
      expect(Math.abs(Date.now() / 1000 - Number(seconds))).toBeLessThan(60)
      expect(hex).toBe(createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex'))
    }
  })

  test.each([
    ['tok_decline', ['declined']],
    ['tok_webhook_only', ['charged']],
    ['tok_twice', ['charged', 'charged']],
  ])('of %s is sent', async (token, states) => {
    const receiver = await startReceiver()
    const bank = await start(receiver)
    await bank.charge(token)
    await bank.sandbox.settle()
    expect(events(receiver).map(({ data }) => data.status)).toEqual(states)
    expect(new Set(events(receiver).map(({ id }) => id)).size).toBe(1)
  })

  test('of what is void is not sent', async () => {
    const receiver = await startReceiver()
    const bank = await start(receiver)
    await bank.post('/v1/charges/void', { key: 'never' })
    await bank.sandbox.settle()
    expect(receiver.received).toEqual([])
  })

  test('is sent again, the same, until it is taken', async () => {
    const receiver = await startReceiver((n) => (n === 3 ? null : ([500, 302][n - 1] ?? 204)))
    const bank = await start(receiver, { timeoutMs: 200 })
    await bank.charge('tok_approve')
    await bank.sandbox.settle()
    expect(receiver.received).toHaveLength(4)
    expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1)
    expect(await waiting()).toBe(0)
  })

  test('that nobody takes is given up', async () => {
    const receiver = await startReceiver(() => 400)
    const bank = await start(receiver, { attempts: 3 })
    await bank.charge('tok_approve')
    await bank.sandbox.settle()
    expect(receiver.received).toHaveLength(3)
    expect(await waiting()).toBe(0)
  })

  test('that was not taken when the sandbox stopped is sent by the next one', async () => {
    const deaf = await startReceiver(() => null)
    const first = await startSandbox({ test: db, webhook: { url: deaf.url, secret, attempts: 1 } })
    await first.charge('tok_approve')
    await expect.poll(() => deaf.received.length).toBe(1)
    await first.stop()
    await deaf.stop()
    expect(await waiting()).toBe(1)
    // Whoever was killed while sending has it until then.
    await db.database.query(sql`update payments_sandbox.webhooks set due_at = now()`)
    const receiver = await startReceiver()
    const second = await start(receiver)
    await second.sandbox.settle()
    expect(receiver.received.map(({ body }) => body)).toEqual(deaf.received.map(({ body }) => body))
  })

  test('is written with what it tells of or not at all, and what fails is tried again', async () => {
    const own = await createTestDatabase()
    const receiver = await startReceiver()
    const lines: string[] = []
    const logger = createLogger({
      level: 'warn',
      readable: false,
      destination: { write: (line: string) => void lines.push(line) },
    })
    const bank = await startSandbox({ test: own, logger, webhook: { url: () => receiver.url, secret } })
    onTestFinished(async () => {
      await bank.stop()
      await receiver.stop()
      await own.drop()
    })
    await own.database.query(sql`alter table payments_sandbox.webhooks rename to gone`)
    expect((await bank.charge('tok_approve', 'k')).status).toBe(500)
    expect((await bank.charge('tok_webhook_only')).status).toBe(202)
    await expect.poll(() => lines.join('')).toContain('it is tried again')
    await own.database.query(sql`alter table payments_sandbox.gone rename to webhooks`)
    expect((await bank.charge('tok_approve', 'k')).status).toBe(201)
    await bank.sandbox.settle()
    expect(receiver.received).toHaveLength(2)
  })
})
