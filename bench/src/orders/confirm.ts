import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { quantile } from '../figures.ts'
import { startShop } from '../programs.ts'
import type { Report } from '../report.ts'
import { besideShop } from './beside-shop.ts'
import { bookId, stockBooks } from './books.ts'
import { sentOrder } from './sent-order.ts'

const bookCount = 1_000
/** One order at a time: so many, after some to warm up. */
const [warmUps, alone] = [20, 200]
/** So many orders a second, for so many seconds. */
const [perSecond, seconds] = [20, 30]
/** Milliseconds between two looks at an order, and until it is given up. */
const [lookPause, longest] = [20, 60_000]

interface Placed {
  url: string
  token: string
  /** When the answer was there, in milliseconds since the epoch. */
  acceptedAt: number
}

/** From the answer that an order is accepted to the entry of its history that it is confirmed, in a shop of one process. */
export async function confirm(): Promise<Report> {
  const shop = await startShop({ SAMPLE_CATALOGUE: 'off' })
  try {
    await besideShop(shop.folder, ({ orders }, database) => stockBooks(database, orders, bookCount))
    await oneAtATime(shop.url, warmUps)
    const waits = {
      alone: await oneAtATime(shop.url, alone),
      steady: await steadily(shop.url),
    }
    const figures = {
      'alone.p50': quantile(waits.alone, 0.5),
      'alone.p99': quantile(waits.alone, 0.99),
      'steady.p50': quantile(waits.steady, 0.5),
      'steady.p99': quantile(waits.steady, 0.99),
    }
    const shown = (of: 'alone' | 'steady') =>
      `p50 ${figures[`${of}.p50`].toFixed(0)} ms, p99 ${figures[`${of}.p99`].toFixed(0)} ms`
    return {
      name: 'orders-confirm',
      what: 'milliseconds from the answer that an order is accepted to its being confirmed, charged at the sandbox in between, everything in one process',
      figures,
      lines: [
        `${alone} orders, one at a time: ${shown('alone')}`,
        `${perSecond} orders a second for ${seconds} s: ${shown('steady')}`,
      ],
    }
  } finally {
    await shop.stop()
  }
}

async function oneAtATime(url: string, count: number): Promise<number[]> {
  const waits: number[] = []
  while (waits.length < count) waits.push(await waitOf(await place(url)))
  return waits.toSorted((a, b) => a - b)
}

/** None is looked at before all are placed, so that looking is no load. */
async function steadily(url: string): Promise<number[]> {
  const placing: Promise<Placed>[] = []
  for (const began = performance.now(); placing.length < perSecond * seconds; ) {
    placing.push(place(url))
    await pause(Math.max(0, began + (placing.length * 1_000) / perSecond - performance.now()))
  }
  const waits: number[] = []
  for (const placed of await Promise.all(placing)) waits.push(await waitOf(placed))
  return waits.toSorted((a, b) => a - b)
}

async function place(shop: string): Promise<Placed> {
  const key = randomUUID()
  const order = sentOrder(bookId(1 + Math.floor(Math.random() * bookCount)), `buyer-${key}@example.com`)
  const answer = await fetch(`${shop}/api/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify(order),
  })
  const acceptedAt = performance.timeOrigin + performance.now()
  if (answer.status !== 202) throw new Error(`an order was answered ${answer.status}: ${await answer.text()}`)
  const { id, orderToken } = (await answer.json()) as { id: string; orderToken: string }
  return { url: `${shop}/api/orders/${id}`, token: orderToken, acceptedAt }
}

/** Milliseconds until it was confirmed, as its history says, once it is. */
async function waitOf({ url, token, acceptedAt }: Placed): Promise<number> {
  for (const end = performance.now() + longest; performance.now() < end; await pause(lookPause)) {
    const answer = await fetch(url, { headers: { 'order-token': token } })
    const { history } = (await answer.json()) as { history: { status: string; at: string }[] }
    const confirmed = history.find(({ status }) => status === 'confirmed')
    if (confirmed) return Date.parse(confirmed.at) - acceptedAt
  }
  throw new Error(`${url} was not confirmed within ${longest / 1_000} s`)
}
