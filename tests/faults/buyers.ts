import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Random } from '../../packages/celery/testing/random.ts'

/** What a buyer was told of an order. */
export interface Acknowledged {
  id: string
  orderToken: string
  token: string
}

export interface BuyersOptions {
  /** Where the API is, in each process; those that are down are tried again. */
  urls: readonly string[]
  /** Whose stock never ends, and whose does. */
  bookIds: readonly string[]
  orders: number
  /** Buyers at once. */
  buyers: number
  random: Random
  /** Called for each order that was acknowledged. */
  onAcknowledged(order: Acknowledged): void
  signal: AbortSignal
}

/** How the sandbox behaves, and how often it is to. */
const tokens: readonly [token: string, weight: number][] = [
  ['tok_approve', 50],
  ['tok_decline', 8],
  ['tok_timeout_after_charge', 8],
  ['tok_timeout_before', 6],
  ['tok_late', 6],
  ['tok_twice', 6],
  ['tok_webhook_only', 6],
  ['tok_flaky', 6],
  ['tok_refund_flaky', 4],
]

const address = {
  name: 'A. Buyer',
  line1: 'Main Street 1',
  postalCode: '10115',
  city: 'Berlin',
  country: 'DE',
}

/**
 * Places so many orders, whatever happens meanwhile: a buyer who gets no answer sends the same order with the same key
 * until there is one. Every tenth buyer cancels.
 * @returns refusals by code
 */
export async function buyAll(options: BuyersOptions): Promise<Record<string, number>> {
  const refusals: Record<string, number> = {}
  let left = options.orders
  async function work(): Promise<void> {
    while (left > 0 && !options.signal.aborted) {
      left -= 1
      const code = await buyOne(options)
      if (code !== undefined) refusals[code] = (refusals[code] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: options.buyers }, work))
  return refusals
}

async function buyOne(options: BuyersOptions): Promise<string | undefined> {
  const { random, bookIds } = options
  const token = random.weighted(tokens)
  const lines = random.shuffled([...bookIds]).slice(0, 1 + random.below(3))
  const body = {
    lines: lines.map((bookId) => ({ bookId, quantity: 1 + random.below(2) })),
    email: `buyer${random.below(1_000)}@example.com`,
    shippingAddress: address,
    payment: { token },
  }
  const cancels = random.below(10) === 0
  const headers = { 'idempotency-key': randomUUID() }
  const answer = await persist(options, '/api/orders', body, headers)
  if (answer.status !== 202) return answer.body.code ?? `status ${answer.status}`
  const { id, orderToken } = answer.body
  options.onAcknowledged({ id, orderToken, token })
  if (cancels) await persist(options, `/api/orders/${id}/cancel`, {}, { 'order-token': orderToken })
  return undefined
}

interface Answer {
  status: number
  body: { id: string; orderToken: string; code?: string }
}

/** Until there is an answer that is not "later". */
async function persist(
  { urls, random, signal }: BuyersOptions,
  path: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<Answer> {
  for (;;) {
    signal.throwIfAborted()
    const url = urls[random.below(urls.length)] ?? ''
    const answer = await post(`${url}${path}`, body, headers).catch(() => undefined)
    const isLater =
      answer === undefined ||
      [429, 500, 503].includes(answer.status) ||
      answer.body.code === 'idempotency_key_in_flight'
    if (!isLater) return answer
    await delay(50 + random.below(200))
  }
}

async function post(url: string, body: unknown, headers: Record<string, string>): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  })
  return { status: response.status, body: (await response.json()) as Answer['body'] }
}
