import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createLogger, withContext } from '@colophon/runtime'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { GuardOptions } from '../src/payments/guarded-fetch.ts'
import { createHttpPayments } from '../src/payments/http-provider.ts'
import type { PaymentError } from '../src/payments/port.ts'

// What becomes of a provider's odd answers, and of too many calls.

const key = 'sk_very_secret'
const token = 'tok_of_a_buyer'
const request = { key: 'charge-1', amount: 1_000, currency: 'EUR', token, reference: 'order 1' }
const answered = { id: 'ch_1', key: 'charge-1', status: 'charged', reason: '' }

/** A provider that answers as it is told. */
async function start(listener: RequestListener, options: Partial<GuardOptions> = {}) {
  const requests: IncomingMessage[] = []
  const server = createServer((incoming, response) => {
    requests.push(incoming)
    listener(incoming, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const payments = createHttpPayments({ url, key, ...options })
  onTestFinished(async () => {
    await payments.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return { payments, url, requests }
}

function answering(status: number, body: unknown, headers: Record<string, string> = {}): RequestListener {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return (_, response) => response.writeHead(status, headers).end(text)
}

/** A log, and what was written into it. */
function logged() {
  const written: string[] = []
  const destination = { write: (line: string) => void written.push(line) }
  const log = createLogger({ level: 'info', readable: false, destination })
  return { log, lines: () => written.map((line) => JSON.parse(line)) }
}

const unanswered: RequestListener = () => {}

test('sends what the provider needs, and the trace it belongs to', async () => {
  const bodies: string[] = []
  const { payments, requests } = await start((incoming, response) => {
    incoming.on('data', (chunk) => bodies.push(String(chunk)))
    incoming.on('end', () => response.writeHead(201).end(JSON.stringify(answered)))
  })
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const charge = await withContext({ requestId: 'r', traceparent }, () => payments.charge(request))
  const took = { amount: null, currency: null }
  expect(charge).toEqual({ status: 'charged', chargeId: 'ch_1', reason: '', took })
  expect(requests[0]).toMatchObject({
    method: 'POST',
    url: '/v1/charges',
    headers: { authorization: `Bearer ${key}`, 'idempotency-key': 'charge-1', traceparent },
  })
  expect(JSON.parse(bodies.join(''))).toEqual({ amount: 1_000, currency: 'EUR', token, reference: 'order 1' })
})

test('sends a refund with its currency, which the provider is to compare', async () => {
  const bodies: string[] = []
  const { payments } = await start((incoming, response) => {
    incoming.on('data', (chunk) => bodies.push(String(chunk)))
    incoming.on('end', () =>
      response.end(JSON.stringify({ id: 're_1', key: 'refund-1', amount: 300, status: 'done' })),
    )
  })
  await payments.refund({ key: 'refund-1', chargeId: 'ch_1', amount: 300, currency: 'EUR' })
  expect(JSON.parse(bodies.join(''))).toEqual({ chargeId: 'ch_1', amount: 300, currency: 'EUR' })
})

test.each(['/pay/eu', '/pay/eu/'])('a provider may be below a path: %s', async (path) => {
  const { payments, url, requests } = await start(answering(200, { items: [] }))
  await payments.find('k')
  const below = createHttpPayments({ url: () => `${url}${path}` })
  expect(await below.find('k')).toBeNull()
  expect(requests.map((incoming) => incoming.url)).toEqual(['/v1/charges?key=k', '/pay/eu/v1/charges?key=k'])
  await below.close()
})

describe('an answer', () => {
  const { reason: _, ...withoutReason } = answered
  test.each<[string, number, unknown, PaymentError['code'], string]>([
    ['500', 500, { code: 'internal_error' }, 'unknown', 'it answered 500'],
    ['503', 503, '', 'unknown', 'it answered 503'],
    ['429', 429, '', 'unknown', 'it answered 429'],
    ['408', 408, '', 'unknown', 'it answered 408'],
    [
      '400 with a code',
      400,
      { code: 'validation_failed', detail: token },
      'refused',
      '400 validation_failed',
    ],
    ['404 of a charge', 404, { code: 'charge_not_found' }, 'refused', '404 charge_not_found'],
    ['409 with a code', 409, { code: 'refund_too_large' }, 'refused', '409 refund_too_large'],
    ['409 without a code', 409, '', 'denied', 'POST /v1/charges: 409'],
    ['400 of a proxy', 400, '<html>', 'denied', 'POST /v1/charges: 400'],
    ['413 of a proxy', 413, { message: 'too large' }, 'denied', 'POST /v1/charges: 413'],
    ['401 without', 401, 'who are you?', 'denied', 'POST /v1/charges: 401'],
    ['403 with one', 403, { code: 'forbidden' }, 'denied', 'POST /v1/charges: 403 forbidden'],
    ['404 of an address', 404, { code: 'not_found' }, 'denied', 'POST /v1/charges: 404 not_found'],
    ['404 with a code that is none', 404, { code: `${key} ` }, 'denied', 'POST /v1/charges: 404'],
    ['a redirect', 302, '', 'denied', 'POST /v1/charges: 302'],
    ['200 and HTML', 200, '<html>', 'unknown', 'not one that is understood'],
    ['200 without a reason', 200, withoutReason, 'unknown', 'not one that is understood'],
    ['200 and another status', 200, { ...answered, status: 'lost' }, 'unknown', 'not one that is understood'],
    ['200 of another charge', 200, { ...answered, key: 'charge-2' }, 'unknown', 'for another charge'],
    ['202 and pending', 202, { ...answered, status: 'pending' }, 'unknown', 'not decided'],
    ['more than it may', 200, 'x'.repeat(300_000), 'unknown', 'more than 262144 bytes'],
  ])('%s', async (__, status, body, code, message) => {
    const { payments } = await start(answering(status, body, status === 302 ? { location: '/' } : {}))
    const error = await payments.charge(request).catch((thrown: Error) => thrown)
    expect(error).toMatchObject({ name: 'PaymentError', code, message: expect.stringContaining(message) })
    expect(error).not.toHaveProperty('cause')
    for (const secret of [key, token]) expect(JSON.stringify(error) + String(error)).not.toContain(secret)
  })

  const refunded = { id: 're_1', key: 'refund-1', chargeId: 'ch_1', amount: 300, status: 'done' }
  test.each<[string, object, PaymentError['code'], string]>([
    ['that is pending', { ...refunded, status: 'pending' }, 'unknown', 'not given the money back yet'],
    ['that failed', { ...refunded, status: 'failed' }, 'refused', 'the refund failed'],
    ['of another key', { ...refunded, key: 'refund-2' }, 'unknown', 'for another refund'],
    ['of another amount', { ...refunded, amount: 1 }, 'unknown', 'for another refund'],
    [
      'without a status',
      { id: 're_1', key: 'refund-1', amount: 300 },
      'unknown',
      'not one that is understood',
    ],
  ])('to a refund %s gives no money back', async (_case, body, code, message) => {
    const { payments } = await start(answering(200, body))
    const refund = payments.refund({ key: 'refund-1', chargeId: 'ch_1', amount: 300, currency: 'EUR' })
    await expect(refund).rejects.toMatchObject({ code, message: expect.stringContaining(message) })
  })

  test.each<[number, string, Record<string, string>]>([
    [409, 'idempotency_key_in_flight', {}],
    [409, 'still_working', { 'retry-after': '1' }],
    [423, '', { 'retry-after': '1' }],
    [422, 'refund_too_soon', { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' }],
  ])('to a refund that is under way, %i %s, is no refusal, and no outage', async (status, code, headers) => {
    const { payments, requests } = await start(answering(status, code && { code }, headers), {
      breaker: { failures: 2, pauseMs: 60_000 },
    })
    for (let n = 0; n < 4; n++) {
      const refund = payments.refund({ key: 'refund-1', chargeId: 'ch_1', amount: 300, currency: 'EUR' })
      await expect(refund).rejects.toMatchObject({
        code: 'unknown',
        message: `the payment provider puts off POST /v1/refunds: ${status} ${code}`.trim(),
      })
    }
    expect(requests).toHaveLength(4)
  })

  test('that does not come in time', async () => {
    const { payments } = await start(unanswered, { timeoutMs: 50 })
    await expect(payments.find('k')).rejects.toMatchObject({
      code: 'unknown',
      message: 'the payment provider: no answer within 50 ms',
    })
  })

  test('that stops half way', async () => {
    const { payments } = await start((__, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{')
      response.destroy()
    })
    await expect(payments.find('k')).rejects.toMatchObject({ code: 'unknown' })
  })
})

test('nobody at the address, or a key that no header can hold, is unknown, and tells no secret', async () => {
  const { payments } = await start(answering(200, answered), { key: `${key}\nx` })
  await expect(payments.void('k')).rejects.toMatchObject({
    code: 'unknown',
    message: 'the payment provider: the call failed',
  })
  const nobody = createHttpPayments({ url: () => 'http://127.0.0.1:1', key })
  await expect(nobody.void('k')).rejects.toMatchObject({ code: 'unknown' })
})

test('a provider that answers nothing is left alone for a while, and then tried by one call', async () => {
  let isDown = true
  const { log, lines } = logged()
  const { payments, requests } = await start(
    (incoming, response) => answering(isDown ? 500 : 200, answered)(incoming, response),
    { breaker: { failures: 3, pauseMs: 100 }, log },
  )
  for (let n = 0; n < 3; n++) await expect(payments.charge(request)).rejects.toThrow('it answered 500')
  await expect(payments.charge(request)).rejects.toMatchObject({
    code: 'unknown',
    message: expect.stringMatching(/not asked for a while.*: it answered 500$/),
  })
  expect(requests).toHaveLength(3)
  // Told once, although it is tried in vain after the pause, too.
  await expect
    .poll(() => payments.charge(request).catch((error: Error) => error.message))
    .toBe('the payment provider: it answered 500')
  const outage = { level: 'warn', cause: 'it answered 500', msg: expect.stringContaining('does not answer') }
  expect(lines()).toMatchObject([outage])
  isDown = false
  await expect.poll(() => payments.charge(request).catch(() => null)).toMatchObject({ status: 'charged' })
  expect(lines()).toMatchObject([outage, { level: 'info', msg: 'the payment provider answers again' }])
})

test('what was not in time is the cause that is told while it is not asked', async () => {
  const { log, lines } = logged()
  const { payments } = await start(unanswered, {
    timeoutMs: 50,
    breaker: { failures: 1, pauseMs: 60_000 },
    log,
  })
  await expect(payments.find('k')).rejects.toThrow('no answer within 50 ms')
  await expect(payments.find('k')).rejects.toThrow(/not asked for a while.*: no answer within 50 ms$/)
  expect(lines()).toMatchObject([{ cause: 'no answer within 50 ms' }])
})

test('what it refuses says that it is there', async () => {
  const { payments, requests } = await start(answering(400, {}), {
    breaker: { failures: 2, pauseMs: 60_000 },
  })
  for (let n = 0; n < 4; n++) await expect(payments.charge(request)).rejects.toThrow('refuses')
  expect(requests).toHaveLength(4)
})

test('no more calls are made at once, and no more wait, than may', async () => {
  let [open, most] = [0, 0]
  const { payments, requests } = await start(
    (_, response) => {
      open += 1
      most = Math.max(most, open)
      setTimeout(() => {
        open -= 1
        response.end('{"items":[]}')
      }, 20)
    },
    { concurrency: 2, queue: 3 },
  )
  const calls = Array.from({ length: 7 }, () => payments.find('k').catch((error: Error) => error.message))
  const tooMany = 'the payment provider: too many calls to it are waiting'
  expect(await Promise.all(calls)).toEqual([null, null, null, null, null, tooMany, tooMany])
  expect([requests.length, most]).toEqual([5, 2])
})

test('closing gives up what is under way', async () => {
  const { log, lines } = logged()
  const breaker = { failures: 1, pauseMs: 60_000 }
  const { payments, requests } = await start(unanswered, { breaker, log })
  const call = payments.find('k').catch((error: unknown) => error)
  await expect.poll(() => requests.length).toBe(1)
  await payments.close()
  expect(await call).toMatchObject({ code: 'unknown', message: 'the payment provider: the call failed' })
  expect(lines()).toEqual([])
})
