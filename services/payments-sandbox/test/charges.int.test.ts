import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type SandboxHarness, startSandbox } from './harness.ts'

let bank: SandboxHarness

beforeAll(async () => {
  bank = await startSandbox()
})
afterAll(() => bank.stop())

const times = (n: number) => Array.from({ length: n })

/** What the sandbox knows of a key. */
async function found(key: string) {
  const { body } = await bank.get(`/v1/charges?key=${key}`)
  return body.items[0] ?? null
}

describe('a charge', () => {
  test.each([
    ['tok_approve', 201, 'charged', ''],
    ['tok_decline', 201, 'declined', 'the card was declined'],
    ['tok_decline_funds', 201, 'declined', 'there is not enough money'],
    ['tok_late', 201, 'charged', ''],
    ['tok_twice', 201, 'charged', ''],
    ['tok_refund_flaky', 201, 'charged', ''],
    ['tok_refund_refused', 201, 'charged', ''],
    ['tok_nobody_has', 201, 'declined', 'no card is known by this token'],
  ])('with %s is answered %i and %s, and again the same', async (token, status, state, reason) => {
    const key = randomUUID()
    const first = await bank.charge(token, key)
    expect(first).toMatchObject({
      status,
      body: { key, status: state, reason, amount: 1_000, currency: 'EUR', reference: 'order 1', refunded: 0 },
    })
    expect(await bank.charge(token, key)).toEqual({ status: 200, body: first.body })
    expect(await found(key)).toEqual(first.body)
  })

  test('with tok_other_amount takes more than it was asked for, once', async () => {
    const key = randomUUID()
    const first = await bank.charge('tok_other_amount', key)
    expect(first).toMatchObject({ status: 201, body: { status: 'charged', amount: 1_100 } })
    expect(await bank.charge('tok_other_amount', key)).toEqual({ status: 200, body: first.body })
    const other = await bank.charge('tok_other_amount', key, { amount: 1_100 })
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused'])
  })

  test('is made once by any number of requests at once', async () => {
    const key = randomUUID()
    const answers = await Promise.all(times(20).map(() => bank.charge('tok_approve', key)))
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1)
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
  })

  test.each([
    ['amount', { amount: 999 }],
    ['currency', { currency: 'USD' }],
    ['token', { token: 'tok_late' }],
    ['reference', { reference: 'order 2' }],
  ])('with a key that was used for another %s is refused', async (_, other) => {
    const key = randomUUID()
    await bank.charge('tok_approve', key)
    const again = await bank.charge('tok_approve', key, other)
    expect([again.status, again.body.code]).toEqual([422, 'idempotency_key_reused'])
  })

  test('with tok_webhook_only is pending, and charged a little later', async () => {
    const key = randomUUID()
    expect(await bank.charge('tok_webhook_only', key)).toMatchObject({
      status: 202,
      body: { status: 'pending', settledAt: null },
    })
    await bank.sandbox.settle()
    expect(await found(key)).toMatchObject({ status: 'charged', settledAt: expect.any(String) })
    expect((await bank.charge('tok_webhook_only', key)).status).toBe(200)
  })

  test('with tok_flaky fails every third time before it is made', async () => {
    const first = await Promise.all(times(9).map((_, n) => bank.charge('tok_flaky', `flaky-${n}`)))
    const failed = first.flatMap(({ status, body }, n) => {
      if (status === 500) expect(body.code).toBe('failed_on_demand')
      return status === 500 ? [n] : []
    })
    expect(failed).toHaveLength(3)
    expect(await Promise.all(failed.map((n) => found(`flaky-${n}`)))).toEqual([null, null, null])
    const [n = 0] = failed
    expect((await bank.charge('tok_flaky', `flaky-${n}`)).status).toBe(201)
  })
})

describe('a charge that is never answered', () => {
  test.each([
    ['tok_timeout_after_charge', 'charged'],
    ['tok_timeout_before', undefined],
  ])('%s: the connection closes after a while', async (token, status) => {
    const hasty = await startSandbox({ test: bank.test, hangMs: 50 })
    const key = randomUUID()
    await expect(hasty.charge(token, key)).rejects.toThrow('fetch failed')
    expect((await found(key))?.status).toBe(status)
    expect((await hasty.charge(token, key)).body).toMatchObject({ key, status: 'charged' })
    await hasty.stop()
  })

  test('does not keep the sandbox from stopping', async () => {
    const patient = await startSandbox({ test: bank.test, hangMs: 60_000 })
    const waiting = expect(patient.charge('tok_timeout_after_charge', 'waits')).rejects.toThrow(
      'fetch failed',
    )
    await expect.poll(() => found('waits')).not.toBeNull()
    await patient.stop()
    await waiting
  })

  test('is given up when the caller is gone', async () => {
    const key = randomUUID()
    const caller = new AbortController()
    const answer = fetch(`${bank.sandbox.address()}/v1/charges`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify({ amount: 1, currency: 'EUR', token: 'tok_timeout_after_charge', reference: 'r' }),
      signal: caller.signal,
    }).catch((error: Error) => error.name)
    await expect.poll(() => found(key)).not.toBeNull()
    caller.abort()
    expect(await answer).toBe('AbortError')
  })
})

describe('a void', () => {
  const voidKey = (key: string) => bank.post('/v1/charges/void', { key })

  test('keeps a charge that nobody has asked for from being made', async () => {
    const key = randomUUID()
    const { status, body } = await voidKey(key)
    expect([status, body]).toMatchObject([200, { key, status: 'void', amount: null, currency: null }])
    expect(await bank.charge('tok_approve', key)).toEqual({ status: 200, body })
    expect((await voidKey(key)).body).toEqual(body)
  })

  test.each([
    ['tok_approve', 'charged'],
    ['tok_decline', 'declined'],
  ])('leaves one with %s that is made as it is', async (token, status) => {
    const key = randomUUID()
    const { body } = await bank.charge(token, key)
    expect(await voidKey(key)).toEqual({ status: 200, body: { ...body, status } })
  })

  test('ends one that is pending', async () => {
    const slow = await startSandbox({ test: bank.test, lateMs: 200 })
    const key = randomUUID()
    await slow.charge('tok_webhook_only', key)
    expect((await voidKey(key)).body).toMatchObject({ key, status: 'void', amount: 1_000 })
    await slow.sandbox.settle()
    expect(await found(key)).toMatchObject({ status: 'void' })
    await slow.stop()
  })

  test('and a charge at once: one of them comes first, and both answer the same', async () => {
    const states = await Promise.all(
      times(30).map(async () => {
        const key = randomUUID()
        const [charged, voided] = await Promise.all([bank.charge('tok_approve', key), voidKey(key)])
        expect(voided.body).toEqual(charged.body)
        return charged.body.status
      }),
    )
    expect(states.every((status) => status === 'charged' || status === 'void')).toBe(true)
  })
})

test('what was taken and given back can be summed up page by page', async () => {
  const other = await startSandbox()
  for (let n = 0; n < 5; n++) await other.charge(n === 1 ? 'tok_decline' : 'tok_approve', `key-${n}`)
  const charges = await other.charges()
  expect(charges.map(({ key }) => key)).toEqual(['key-0', 'key-1', 'key-2', 'key-3', 'key-4'])
  const [first] = charges
  await other.post(
    '/v1/refunds',
    { chargeId: first.id, amount: 300, currency: 'EUR' },
    { 'idempotency-key': 'back' },
  )
  const taken = (await other.charges()).filter(({ status }) => status === 'charged')
  expect(taken.reduce((sum, { amount }) => sum + amount, 0)).toBe(4_000)
  expect(taken.reduce((sum, { refunded }) => sum + refunded, 0)).toBe(300)
  expect((await other.get('/v1/charges?cursor=bm90aGluZw')).body.code).toBe('invalid_cursor')
  await other.stop()
})

test.each([
  ['no key', undefined, {}],
  ['a key with a space', 'a b', {}],
  ['a negative amount', 'k', { amount: -1 }],
  ['an amount that is not whole', 'k', { amount: 1.5 }],
  ['more than any card holds', 'k', { amount: 1e12 }],
  ['a currency that is none', 'k', { currency: 'euro' }],
  ['no token', 'k', { token: '' }],
  ['a field that nobody knows', 'k', { card: '4242' }],
])('a request with %s is refused', async (_, key, more) => {
  const body = { amount: 1_000, currency: 'EUR', token: 'tok_approve', reference: 'r', ...more }
  const answer = await bank.post('/v1/charges', body, key === undefined ? {} : { 'idempotency-key': key })
  expect([answer.status, answer.body.code]).toEqual([400, 'validation_failed'])
})

test('nothing is lost when it is started again, and nothing made twice', async () => {
  const first = await startSandbox({ test: bank.test })
  const { body } = await first.charge('tok_approve', 'kept')
  await first.stop()
  const second = await startSandbox({ test: bank.test })
  expect(await second.charge('tok_approve', 'kept')).toEqual({ status: 200, body })
  await second.stop()
})

test('only who has the key may call, where there is one', async () => {
  const locked = await startSandbox({ test: bank.test, key: 'sk_test_7' })
  const ask = (headers: Record<string, string>) => locked.get('/v1/charges?limit=1', headers)
  expect((await ask({})).body.code).toBe('unauthenticated')
  expect((await ask({ authorization: 'Bearer sk_test_8' })).body.code).toBe('invalid_token')
  expect((await ask({ authorization: 'Bearer sk_test_7' })).status).toBe(200)
  const cookie = { cookie: 'colophon_session=x' }
  expect((await locked.post('/v1/charges/void', { key: 'k' }, cookie)).status).toBe(401)
  await locked.stop()
})

test('says whether it is ready, and describes its tokens', async () => {
  expect((await bank.get('/readyz')).body).toEqual({ status: 'ready', stores: { postgres: 'up' } })
  const { body } = await bank.get('/openapi.json')
  expect(body.info.description).toContain('`tok_webhook_only`')
  expect(Object.keys(body.paths)).toEqual(
    expect.arrayContaining(['/v1/charges', '/v1/charges/void', '/v1/refunds']),
  )
  const orphan = await startSandbox()
  await orphan.test.database.close()
  expect((await orphan.get('/readyz')).body).toEqual({ status: 'not_ready', stores: { postgres: 'down' } })
  await orphan.stop()
})
