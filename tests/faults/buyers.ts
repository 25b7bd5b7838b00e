import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Random } from '../../packages/celery/testing/random.ts'
import { orderOf } from '../../services/orders/test/support/shopping.ts'
import type { Pace } from './pace.ts'

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
  pace: Pick<Pace, 'turnOf'>
  /** Called for each order that was acknowledged. */
  onAcknowledged(order: Acknowledged): void
  signal: AbortSignal
}

/** What became of the others. */
export interface Bought {
  /** Refusals by code. */
  refusals: Record<string, number>
  /** Answers that nobody should be given, whatever is killed: must stay empty. */
  strange: string[]
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

/** Which refusals there may be: copies run out, and who cancels may come too late. */
const expected = ['out_of_stock', 'order_state']

/** How often a buyer finds that copies have run out, though of most books there are enough. */
const mostTries = 100

/**
 * Places so many orders, whatever happens meanwhile: a buyer who gets no answer sends the same order with the same key
 * until there is one, and one who comes too late for a copy buys something else. Every tenth buyer cancels.
 * @throws the reason of the signal when that has come
 */
export async function buyAll(options: BuyersOptions): Promise<Bought> {
  const bought: Bought = { refusals: {}, strange: [] }
  let next = 0
  async function work(): Promise<void> {
    while (next < options.orders) {
      await options.pace.turnOf(next++)
      let tries = 0
      while (tries < mostTries && !(await buyOne(options, bought))) tries += 1
      if (tries === mostTries) bought.strange.push(`nothing to buy, ${tries} times`)
    }
  }
  await Promise.all(Array.from({ length: options.buyers }, work))
  return bought
}

/** @returns false when copies had run out */
async function buyOne(options: BuyersOptions, bought: Bought): Promise<boolean> {
  const { random, bookIds } = options
  const token = random.weighted(tokens)
  const lines = random
    .shuffled([...bookIds])
    .slice(0, 1 + random.below(3))
    .map((bookId) => ({ bookId, quantity: 1 + random.below(2) }))
  const email = `buyer${random.below(1_000)}@example.com`
  const cancels = random.below(10) === 0
  const order = orderOf(lines, { email, payment: { token } })
  const answer = await persist(options, '/api/orders', order, { 'idempotency-key': randomUUID() })
  if (answer.status !== 202) {
    note(bought, answer)
    return answer.body.code !== 'out_of_stock'
  }
  const { id, orderToken } = answer.body
  options.onAcknowledged({ id, orderToken, token })
  if (!cancels) return true
  const cancelled = await persist(options, `/api/orders/${id}/cancel`, {}, { 'order-token': orderToken })
  if (cancelled.status !== 200) note(bought, cancelled)
  return true
}

function note({ refusals, strange }: Bought, { status, body }: Answer): void {
  const { code = '' } = body
  if (status === 409 && expected.includes(code)) refusals[code] = (refusals[code] ?? 0) + 1
  else strange.push(`${status} ${JSON.stringify(body)}`)
}

interface Answer {
  status: number
  body: { id: string; orderToken: string; code?: string }
}

/** Until there is an answer that is not "later": none, while a process is down, and 503, while a server is. */
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
      [429, 503].includes(answer.status) ||
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
