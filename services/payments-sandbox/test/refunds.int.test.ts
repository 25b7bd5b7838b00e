import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type SandboxHarness, startSandbox } from './harness.ts'

let bank: SandboxHarness

beforeAll(async () => {
  bank = await startSandbox()
})
afterAll(() => bank.stop())

const refund = (chargeId: string, amount: number, key: string = randomUUID(), currency = 'EUR') =>
  bank.post('/v1/refunds', { chargeId, amount, currency }, { 'idempotency-key': key })

async function charged(token = 'tok_approve'): Promise<string> {
  return (await bank.charge(token)).body.id
}

async function refundedOf(chargeId: string): Promise<number> {
  return (await bank.charges()).find(({ id }) => id === chargeId).refunded
}

describe('a refund', () => {
  test('is made once for its key, whatever the case of the charge id', async () => {
    const id = await charged()
    const first = await refund(id, 400, 'once')
    expect(first).toMatchObject({ status: 201, body: { key: 'once', chargeId: id, amount: 400 } })
    expect(await refund(id.toUpperCase(), 400, 'once')).toEqual({ status: 200, body: first.body })
    expect(await refundedOf(id)).toBe(400)
  })

  test('by many requests at once gives back once for each key, and never more than was charged', async () => {
    const id = await charged()
    const keys = Array.from({ length: 15 }, (_, n) => `many-${n % 5}`)
    const answers = await Promise.all(keys.map((key) => refund(id, 300, key)))
    const counts = Map.groupBy(answers, ({ status, body }) => `${status} ${body.code ?? ''}`)
    expect(Object.fromEntries([...counts].map(([what, group]) => [what, group.length]))).toEqual({
      '201 ': 3,
      '200 ': 6,
      '409 refund_too_large': 6,
    })
    expect(await refundedOf(id)).toBe(900)
  })

  test('with a key that was used for another refund is refused', async () => {
    const [one, other] = [await charged(), await charged()]
    await refund(one, 100, 'used')
    for (const answer of [
      await refund(one, 101, 'used'),
      await refund(other, 100, 'used'),
      await refund(one, 100, 'used', 'USD'),
    ]) {
      expect([answer.status, answer.body.code]).toEqual([422, 'idempotency_key_reused'])
    }
  })

  test('of two charges under one key at once is made of one of them', async () => {
    for (let n = 0; n < 10; n++) {
      const ids = [await charged(), await charged()]
      const answers = await Promise.all(ids.map((id) => refund(id, 100, `clash-${n}`)))
      expect(answers.map(({ status }) => status).sort()).toEqual([201, 422])
    }
  })

  test('of what took nothing, or is not known, is refused', async () => {
    const declined = await refund(await charged('tok_decline'), 1)
    expect([declined.status, declined.body.code]).toEqual([409, 'charge_took_nothing'])
    const unknown = await refund(randomUUID(), 1)
    expect([unknown.status, unknown.body.code]).toEqual([404, 'charge_not_found'])
    const nothing = await refund(await charged(), 0)
    expect([nothing.status, nothing.body.code]).toEqual([400, 'validation_failed'])
  })

  test('in another currency than was charged is refused', async () => {
    const id = await charged()
    const dollars = await refund(id, 400, randomUUID(), 'USD')
    expect([dollars.status, dollars.body.code]).toEqual([409, 'currency_other'])
    expect(await refundedOf(id)).toBe(0)
  })

  test('of tok_refund_refused is refused each time', async () => {
    const id = await charged('tok_refund_refused')
    for (const key of ['refused', 'refused', 'refused-2']) {
      const answer = await refund(id, 400, key)
      expect([answer.status, answer.body.code]).toEqual([409, 'refund_refused'])
    }
    expect(await refundedOf(id)).toBe(0)
  })

  test('of tok_other_amount is of what was taken, which is more than was asked for', async () => {
    const id = await charged('tok_other_amount')
    expect((await refund(id, 1_101)).body.code).toBe('refund_too_large')
    expect((await refund(id, 1_100)).status).toBe(201)
  })

  test('of tok_refund_flaky fails twice before it is made', async () => {
    const id = await charged('tok_refund_flaky')
    const key = randomUUID()
    expect((await refund(id, 1_000, key)).body.code).toBe('failed_on_demand')
    expect((await refund(id, 1_000, key)).status).toBe(500)
    expect(await refundedOf(id)).toBe(0)
    expect((await refund(id, 1_000, key)).status).toBe(201)
    expect((await refund(id, 1_000, key)).status).toBe(200)
    expect(await refundedOf(id)).toBe(1_000)
  })
})
