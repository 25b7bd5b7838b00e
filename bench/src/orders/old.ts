import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRelay, type Database, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../../../services/orders/src/deps.ts'
import { listOrders, type OrdersQuery } from '../../../services/orders/src/orders/list-orders.ts'
import { sweep } from '../../../services/orders/src/process/sweep.ts'
import { quantile } from '../figures.ts'
import { countingPages } from '../pages.ts'
import type { Report } from '../report.ts'
import { besideShop } from './beside-shop.ts'
import { makeOldOrders, oldOrders } from './old-orders.ts'
import { type OrderSearch, orderSearches } from './old-searches.ts'

/** Each is done so often, or until the time is up: milliseconds. */
const maxRuns = 100
const longestRuns = 3_000

/** What is due, and what waits in the outbox, where something does. */
const dueOrders = 1_000
const messages = 10_000

/** Pages of 8 kB that may be read: for a list of twenty orders, for a look at nothing, for each order or message. */
const bounds = { list: 500, idle: 100, each: 60 } as const

interface Measured {
  name: string
  p50: number
  pages: number
  bound: number
}

/** Sweeper, relay and lists over a million orders that are over. */
export async function old(): Promise<Report> {
  const folder = await mkdtemp(join(tmpdir(), 'colophon-bench-'))
  try {
    const began = performance.now()
    return await besideShop(folder, async ({ migrate, orders }, database) => {
      await migrate(new AbortController().signal)
      await makeOldOrders(database)
      console.error(`orders-old: made in ${((performance.now() - began) / 1000).toFixed(0)} s`)
      return reportOf([
        ...(await lists(orders.deps)),
        ...(await sweeps(orders.deps)),
        ...(await relays(database)),
      ])
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function lists(deps: OrdersDeps): Promise<Measured[]> {
  const measured: Measured[] = []
  for (const search of orderSearches) {
    const query = await queryOfPage(deps, search)
    const list = (on: OrdersDeps) => listOrders(on, query, search.of ?? null)
    const bound = search.mayRead?.pages ?? bounds.list
    measured.push({ name: search.name, ...(await measure(deps, list)), bound })
  }
  return measured
}

async function queryOfPage(deps: OrdersDeps, { query, of, page = 1 }: OrderSearch): Promise<OrdersQuery> {
  let cursor: string | null = null
  for (let n = 1; n < page; n++) {
    const { nextCursor } = await listOrders(
      deps,
      { limit: 20, ...query, ...(cursor && { cursor }) },
      of ?? null,
    )
    cursor = nextCursor
  }
  return { limit: 20, ...query, ...(cursor && { cursor }) }
}

async function sweeps(deps: OrdersDeps): Promise<Measured[]> {
  const { database } = deps
  const makeDue = () =>
    database.query(sql`
      update orders.orders set status = 'paid', due_at = now() - interval '1 minute', nudges = 0
      where id in (select id from orders.orders order by id limit ${dueOrders})`)
  const idle = await measure(deps, sweep)
  const busy = await measure(deps, sweep, makeDue)
  await database.query(sql`truncate orders.outbox`)
  return [
    { name: 'sweep, nothing due', ...idle, bound: bounds.idle },
    { name: `sweep, ${dueOrders} orders due, each`, ...perPiece(busy, dueOrders), bound: bounds.each },
  ]
}

async function relays(database: Database): Promise<Measured[]> {
  const look = (on: { database: Database }) =>
    createRelay({ database: on.database, schema: 'orders', publish: async () => {} }).settle()
  const fill = () =>
    database.query(sql`
      insert into orders.outbox (key, topic, payload)
      select 'order ' || n, 'task', '{"task": "orders.charge", "kwargs": {}}' from generate_series(1, ${messages}) n`)
  const idle = await measure({ database }, look)
  const busy = await measure({ database }, look, fill)
  return [
    { name: 'relay, nothing in the outbox', ...idle, bound: bounds.idle },
    { name: `relay, ${messages} messages, each`, ...perPiece(busy, messages), bound: bounds.each },
  ]
}

function perPiece({ p50, pages }: { p50: number; pages: number }, pieces: number) {
  return { p50: p50 / pieces, pages: Math.ceil(pages / pieces) }
}

/** @param prepare what is to be done before each run, outside of its time */
async function measure<Deps extends { database: Database }>(
  deps: Deps,
  work: (deps: Deps) => Promise<unknown>,
  prepare: () => Promise<unknown> = async () => {},
): Promise<{ p50: number; pages: number }> {
  const times: number[] = []
  await prepare()
  await work(deps)
  for (const end = performance.now() + longestRuns; times.length < maxRuns && performance.now() < end; ) {
    await prepare()
    const began = performance.now()
    await work(deps)
    times.push(performance.now() - began)
  }
  await prepare()
  const counter = { pages: 0 }
  await work({ ...deps, database: countingPages(deps.database, counter) })
  times.sort((a, b) => a - b)
  return { p50: quantile(times, 0.5), pages: counter.pages }
}

function reportOf(measured: readonly Measured[]): Report {
  const slowest = measured.toSorted((a, b) => b.p50 - a.p50)[0]
  return {
    name: 'orders-old',
    what: `lists of 20 orders, the sweeper and the relay, over ${oldOrders.count.toLocaleString('en')} orders that are over: milliseconds and pages of 8 kB read`,
    wanted: `at most ${bounds.list} pages for a list, ${bounds.idle} where there is nothing to do, ${bounds.each} for each order or message, or what an exception says`,
    met: measured.every(({ pages, bound }) => pages <= bound),
    figures: {
      slowestP50Ms: slowest?.p50 ?? Number.NaN,
      mostPages: Math.max(...measured.map(({ pages }) => pages)),
    },
    lines: [`${''.padEnd(42)}p50 ms  pages read`, ...measured.map(line), ...exceptions],
  }
}

const exceptions = orderSearches.flatMap(({ name, mayRead }) =>
  mayRead ? [`exception: ${name}: at most ${mayRead.pages} pages: ${mayRead.because}`] : [],
)

function line({ name, p50, pages, bound }: Measured): string {
  const cells = `${p50.toFixed(2).padStart(8)}${pages.toLocaleString('en').padStart(12)}`
  return `  ${name.padEnd(40)}${cells}${pages <= bound ? '' : '  TOO MANY'}`
}
