import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Random } from '../../packages/celery/testing/random.ts'
import { orderOf } from '../../services/orders/test/support/shopping.ts'
import type { Pace } from './pace.ts'
import type { Requests } from './requests.ts'

/** What a buyer was told of an order. */
export interface Acknowledged {
  id: string
  /** What it is paid with. */
  token: string
  /**
   * What the order was when its cancel was answered, or the code of the refusal; null when nobody has
   * cancelled it.
   */
  cancel: string | null
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
  /** Where all that they ask is counted. */
  requests: Requests
  /** Milliseconds that a buyer goes on without an answer: more than anything that is killed stays away. */
  patience: number
  /** Called for each order that was acknowledged; whoever cancels it then writes down the answer in it. */
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
 * Places so many orders, whatever happens meanwhile: a buyer who gets no answer sends the same order with the
 * same key until there is one, and one who comes too late for a copy buys something else. Every tenth buyer
 * cancels.
 * @throws the reason of the signal when that has come; Error, with the last answer, when there is none for
 * too long
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
  const sent = orderOf(lines, { email, payment: { token } })
  const answer = await persist(options, '/api/orders', sent, { 'idempotency-key': randomUUID() })
  if (answer.status !== 202) {
    note(bought, answer)
    return answer.body.code !== 'out_of_stock'
  }
  const { id, orderToken } = answer.body
  const order: Acknowledged = { id, token, cancel: null }
  options.onAcknowledged(order)
  if (!cancels) return true
  const cancelled = await persist(options, `/api/orders/${id}/cancel`, {}, { 'order-token': orderToken })
  const { status, code = String(cancelled.status) } = cancelled.body
  order.cancel = cancelled.status === 200 ? status : code
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
  /** An order, or a problem. */
  body: { id: string; orderToken: string; status: string; code?: string }
}

/**
 * Until there is an answer that is not "later": none, while a process is down, and 503, while a server is.
 */
async function persist(
  { urls, random, requests, patience, signal }: BuyersOptions,
  path: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<Answer> {
  const since = Date.now()
  for (;;) {
    signal.throwIfAborted()
    const url = urls[random.below(urls.length)] ?? ''
    const ask = () => post(`${url}${path}`, body, headers)
    const answer = await requests.send(url, ask).catch((error: Error) => error)
    if (!(answer instanceof Error) && !isLater(answer)) return answer
    if (Date.now() - since > patience) {
      const last =
        answer instanceof Error ? textOf(answer) : `${answer.status} ${JSON.stringify(answer.body)}`
      throw new Error(`${path} was not answered in ${patience / 1_000} s, in the end with ${last}`)
    }
    await delay(50 + random.below(200))
  }
}

function isLater({ status, body }: Answer): boolean {
  return [429, 503].includes(status) || body.code === 'idempotency_key_in_flight'
}

/** With the cause, which says more of a connection that could not be made. */
function textOf({ message, cause }: Error): string {
  return cause instanceof Error ? `${message}: ${cause.message}` : message
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
