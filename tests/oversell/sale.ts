import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'

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
  /** Any other answer, once 429 and 503 were tried again: must stay empty. */
  strange: string[]
  /** Answers 429 and 503, and connections that broke, each of which was tried again. */
  retries: number
  seconds: number
}

const address = {
  name: 'A. Buyer',
  line1: 'Main Street 1',
  postalCode: '10115',
  city: 'Berlin',
  country: 'DE',
}
/** Milliseconds: a buyer's patience with one try. */
const patience = 60_000

/** Every buyer, a guest, sends one order for one copy, all at the same time, each second one to another process. */
export async function holdSale({ urls, bookId, buyers }: SaleOptions): Promise<SaleReport> {
  const report: SaleReport = { accepted: [], refused: 0, strange: [], retries: 0, seconds: 0 }
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
    const answer = await send(urls[index % urls.length] ?? '', bookId, index, key).catch(() => undefined)
    if (answer === undefined || answer.status === 429 || answer.status === 503) {
      report.retries += 1
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
  const response = await fetch(`${url}/api/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify({
      lines: [{ bookId, quantity: 1 }],
      email: `buyer${index}@example.com`,
      shippingAddress: address,
      payment: { token: 'tok_approve' },
    }),
    signal: AbortSignal.timeout(patience),
  })
  return { status: response.status, body: (await response.json()) as { id: string; code?: string } }
}
