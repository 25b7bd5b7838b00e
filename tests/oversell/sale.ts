import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { json } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { orderOf } from '../../services/orders/test/support/shopping.ts'

/** A sale to which everybody comes at once. */
export interface SaleOptions {
  /** Where the API is, in each process. */
  urls: readonly string[]
  bookId: string
  buyers: number
}

/** What became of the buyers. */
export interface SaleReport {
  /** Ids of orders that were accepted. */
  accepted: string[]
  /** Buyers who were told that it is out of stock. */
  refused: number
  /** Any other answer, once those to be tried again were: must stay empty. */
  strange: string[]
  /** How often each answer that is to be tried again was given, and each error of a connection. */
  retries: Record<string, number>
  seconds: number
}

/** Milliseconds: a buyer's patience with one try. */
const patience = 60_000
/** Connections to each process: with more this side would be too slow to send what it has connected for. */
const agent = new Agent({ keepAlive: true, maxSockets: 500 })
const later = [408, 429, 503]

/** Every buyer, a guest, sends one order for one copy, all at the same time, each second one to another process. */
export async function holdSale({ urls, bookId, buyers }: SaleOptions): Promise<SaleReport> {
  const report: SaleReport = { accepted: [], refused: 0, strange: [], retries: {}, seconds: 0 }
  const began = performance.now()
  await Promise.all(Array.from({ length: buyers }, (_, index) => buyOne(urls, bookId, index, report)))
  report.seconds = (performance.now() - began) / 1000
  return report
}

async function buyOne(
  urls: readonly string[],
  bookId: string,
  index: number,
  report: SaleReport,
): Promise<void> {
  const key = randomUUID()
  for (;;) {
    const answer = await send(urls[index % urls.length] ?? '', bookId, index, key).catch(nameOf)
    if (typeof answer === 'string' || later.includes(answer.status)) {
      const what = typeof answer === 'string' ? answer : String(answer.status)
      report.retries[what] = (report.retries[what] ?? 0) + 1
      // As the answer asks for, and not all at the same moment.
      await delay(Math.random() * 1_000)
      continue
    }
    const { status, body } = answer
    if (status === 202) report.accepted.push(body.id)
    else if (status === 409 && body.code === 'out_of_stock') report.refused += 1
    else report.strange.push(`${status} ${body.code}`)
    return
  }
}

async function send(url: string, bookId: string, index: number, key: string) {
  const sent = request(`${url}/api/orders`, {
    method: 'POST',
    agent,
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    signal: AbortSignal.timeout(patience),
  })
  sent.end(JSON.stringify(orderOf([{ bookId, quantity: 1 }], { email: `buyer${index}@example.com` })))
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return { status: response.statusCode ?? 0, body: (await json(response)) as { id: string; code?: string } }
}

/** Such as ECONNRESET. */
function nameOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.name
}
