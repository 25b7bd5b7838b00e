import { randomUUID } from 'node:crypto'
import {
  createPaymentsSandbox,
  type PaymentsSandbox,
  paymentsSandboxMigrations,
} from '@colophon/payments-sandbox'
import { migrate } from '@colophon/postgres'
import { createTestDatabase, type TestDatabase } from '@colophon/postgres/testing'
import { createLogger } from '@colophon/runtime'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createHttpPayments } from '../src/payments/http-provider.ts'
import type { ChargeRequest, PaymentProvider } from '../src/payments/port.ts'
import { createFakePayments } from './support/fake-payments.ts'

// What every provider means by its answers.

let db: TestDatabase
let sandbox: PaymentsSandbox

beforeAll(async () => {
  db = await createTestDatabase()
  await migrate(db.database, paymentsSandboxMigrations)
  const logger = createLogger({ level: 'silent', readable: false })
  sandbox = await createPaymentsSandbox({
    database: db.database,
    logger,
    version: '0.0.0',
    key: 'sk_test',
    // Longer than the deadline of a call below.
    lateMs: 2_000,
    hangMs: 20_000,
  })
  await sandbox.start()
})
afterAll(async () => {
  await sandbox.stop()
  await db.drop()
})

const makers: [string, () => PaymentProvider][] = [
  ['in memory', createFakePayments],
  // A machine that runs all tests at once is late now and then; nothing here is but what is to be.
  ['over HTTP', () => createHttpPayments({ url: sandbox.address, key: 'sk_test', timeoutMs: 1_500 })],
]

const unknown = { name: 'PaymentError', code: 'unknown' }
const refused = { name: 'PaymentError', code: 'refused' }

function requestOf(token: string, more: Partial<ChargeRequest> = {}): ChargeRequest {
  return { key: randomUUID(), amount: 1_000, currency: 'EUR', token, reference: 'an order', ...more }
}

describe.each(makers)('a provider %s', (_, make) => {
  let payments: PaymentProvider
  beforeAll(() => {
    payments = make()
  })
  afterAll(() => payments.close())

  const charged = () => payments.charge(requestOf('tok_approve'))
  const refund = (chargeId: string, amount: number, key: string = randomUUID(), currency = 'EUR') =>
    payments.refund({ key, chargeId, amount, currency })

  test('charges once for a key, and finds it', async () => {
    const request = requestOf('tok_approve')
    const charge = await payments.charge(request)
    const took = { amount: 1_000, currency: 'EUR' }
    expect(charge).toEqual({ status: 'charged', chargeId: expect.any(String), reason: '', took })
    expect(await payments.charge(request)).toEqual(charge)
    expect(await payments.find(request.key)).toEqual(charge)
    expect((await charged()).chargeId).not.toBe(charge.chargeId)
  })

  test.each(['tok_decline', 'tok_decline_funds', 'tok_of_nobody'])(
    'says why it declines %s',
    async (token) => {
      const request = requestOf(token)
      const charge = await payments.charge(request)
      expect(charge).toMatchObject({ status: 'declined', reason: expect.stringMatching(/./) })
      expect(await payments.charge(request)).toEqual(charge)
      expect(await payments.find(request.key)).toEqual(charge)
      expect(await payments.void(request.key)).toEqual(charge)
    },
  )

  test('finds nothing of what it has never seen', async () => {
    expect(await payments.find(randomUUID())).toBeNull()
  })

  test('refuses a key that was used for another charge', async () => {
    const request = requestOf('tok_approve')
    await payments.charge(request)
    await expect(payments.charge({ ...request, amount: 1 })).rejects.toMatchObject(refused)
  })

  test('does not charge what was void before', async () => {
    const request = requestOf('tok_approve')
    const voided = await payments.void(request.key)
    expect(voided).toMatchObject({ status: 'void', reason: '' })
    expect(await payments.void(request.key)).toEqual(voided)
    expect(await payments.charge(request)).toEqual(voided)
    expect(await payments.find(request.key)).toEqual(voided)
    await expect(refund(voided.chargeId, 1)).rejects.toMatchObject(refused)
  })

  test('leaves what was charged before it is void as it is', async () => {
    const request = requestOf('tok_approve')
    const charge = await payments.charge(request)
    expect(await payments.void(request.key)).toEqual(charge)
  })

  test('that charges and does not answer is asked', async () => {
    const request = requestOf('tok_timeout_after_charge')
    await expect(payments.charge(request)).rejects.toMatchObject(unknown)
    const charge = await payments.find(request.key)
    expect(charge?.status).toBe('charged')
    expect(await payments.charge(request)).toEqual(charge)
  })

  test('that does nothing and does not answer is asked, and told again', async () => {
    const request = requestOf('tok_timeout_before')
    await expect(payments.charge(request)).rejects.toMatchObject(unknown)
    expect(await payments.find(request.key)).toBeNull()
    expect((await payments.charge(request)).status).toBe('charged')
  })

  test('says nothing of what is pending, and ends it when told', async () => {
    const request = requestOf('tok_webhook_only')
    await expect(payments.charge(request)).rejects.toMatchObject(unknown)
    await expect(payments.find(request.key)).rejects.toMatchObject(unknown)
    expect((await payments.void(request.key)).status).toBe('void')
    expect((await payments.find(request.key))?.status).toBe('void')
  })

  test('gives back once for a key, and never more than was charged', async () => {
    const { chargeId } = await charged()
    const key = randomUUID()
    const first = await refund(chargeId, 600, key)
    expect(await refund(chargeId, 600, key)).toEqual(first)
    await expect(refund(chargeId, 401)).rejects.toMatchObject(refused)
    await expect(refund(chargeId, 400, key)).rejects.toMatchObject(refused)
    expect((await refund(chargeId, 400)).refundId).not.toBe(first.refundId)
    await expect(refund(chargeId, 1)).rejects.toMatchObject(refused)
  })

  test('gives nothing back of what took nothing, or what it does not know', async () => {
    const { chargeId } = await payments.charge(requestOf('tok_decline'))
    await expect(refund(chargeId, 1)).rejects.toMatchObject(refused)
    await expect(refund(randomUUID(), 1)).rejects.toMatchObject(refused)
  })

  test('gives nothing back in another currency than was charged', async () => {
    const { chargeId } = await charged()
    const key = randomUUID()
    await expect(refund(chargeId, 1, key, 'USD')).rejects.toMatchObject(refused)
    await refund(chargeId, 1, key)
    await expect(refund(chargeId, 1, key, 'USD')).rejects.toMatchObject(refused)
  })

  test('refuses each refund of tok_refund_refused', async () => {
    const { chargeId } = await payments.charge(requestOf('tok_refund_refused'))
    for (const key of ['never', 'never'])
      await expect(refund(chargeId, 1, key)).rejects.toMatchObject(refused)
  })

  test('tells what it took where that is not what was asked for, and gives it all back', async () => {
    const request = requestOf('tok_other_amount')
    const charge = await payments.charge(request)
    expect(charge).toMatchObject({ status: 'charged', took: { amount: 1_100, currency: 'EUR' } })
    expect(await payments.charge(request)).toEqual(charge)
    expect(await payments.find(request.key)).toEqual(charge)
    await refund(charge.chargeId, 1_000)
    await refund(charge.chargeId, 100)
    await expect(refund(charge.chargeId, 1)).rejects.toMatchObject(refused)
  })

  test('takes no money more than once from many who ask at once', async () => {
    const request = requestOf('tok_approve')
    const charges = await Promise.all(Array.from({ length: 20 }, () => payments.charge(request)))
    expect(new Set(charges.map(({ chargeId }) => chargeId)).size).toBe(1)
  })
})
