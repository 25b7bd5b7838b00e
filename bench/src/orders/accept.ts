import { attachEmbedded, type SocketTarget } from '@colophon/postgres'
import { type Spread, shown, spread } from '../figures.ts'
import { type RunningShop, startShop } from '../programs.ts'
import type { Report } from '../report.ts'
import { output } from '../tasks/process.ts'
import { besideShop } from './beside-shop.ts'
import { stockBooks } from './books.ts'
import { findPgbench, runPgbench } from './pgbench.ts'
import { scriptOf } from './pgbench-script.ts'
import { recordOrder, type Statement } from './record.ts'

const rounds = 7
const seconds = 8
const warmUpSeconds = 3
const clients = 32
const bookCount = 1_000

/** Of how many books each order takes one by chance. */
const ways = { manyBooks: bookCount, oneHotBook: 1 } as const
type Way = keyof typeof ways

/** Orders accepted over HTTP, beside pgbench running the statements of each on the same server. */
export async function accept(): Promise<Report> {
  const pgbench = findPgbench()
  // The API alone: no relay and no worker, so that on both sides messages stay in the outbox.
  const shop = await startShop({ SAMPLE_CATALOGUE: 'off' }, undefined, ['api'])
  try {
    await besideShop(shop.folder, ({ orders }, database) => stockBooks(database, orders, bookCount))
    const statements = await recordOrder(shop.folder)
    const embedded = await attachEmbedded({ folder: shop.folder, application: 'bench' })
    try {
      const bench = { shop, pgbench, statements, connection: embedded.connection }
      const ratios = await compare(bench)
      return reportOf(ratios, statements)
    } finally {
      await embedded.release()
    }
  } finally {
    await shop.stop()
  }
}

interface Bench {
  shop: RunningShop
  pgbench: string
  statements: readonly Statement[]
  connection: SocketTarget
}

/** All in turns, so that the tables grow alike for everybody. */
async function compare(bench: Bench): Promise<Record<Way, Spread>> {
  const ratios: Record<Way, number[]> = { manyBooks: [], oneHotBook: [] }
  const names = Object.keys(ways) as Way[]
  for (const way of names) {
    await acceptedPerSecond(bench, ways[way], warmUpSeconds)
    await pgbenchPerSecond(bench, ways[way], warmUpSeconds)
  }
  for (let round = 0; round < rounds; round++) {
    for (const way of names) {
      const ours = await acceptedPerSecond(bench, ways[way], seconds)
      ratios[way].push(ours / (await pgbenchPerSecond(bench, ways[way], seconds)))
    }
  }
  return { manyBooks: spread(ratios.manyBooks), oneHotBook: spread(ratios.oneHotBook) }
}

async function acceptedPerSecond({ shop }: Bench, books: number, time: number): Promise<number> {
  const args = [shop.url, clients, time, books].map(String)
  return Number(await output(process.execPath, [`${import.meta.dirname}/buyers.ts`, ...args], {}))
}

function pgbenchPerSecond({ pgbench, connection, statements }: Bench, books: number, time: number) {
  return runPgbench(pgbench, connection, scriptOf(statements, books), { clients, seconds: time })
}

function reportOf(ratios: Record<Way, Spread>, statements: readonly Statement[]): Report {
  const before = statements.findIndex(({ text }) => text === 'begin')
  return {
    name: 'orders-accept',
    what: `orders of one copy accepted per second over HTTP by one process of the API, ${clients} buyers, as a share of pgbench with ${clients} clients running the same ${statements.length} statements (${before} reads before the transaction, the read of the answer behind it) on the same server`,
    wanted: 'at least 0.5 of its orders per second, over many books and on one',
    met: ratios.manyBooks.median >= 0.5 && ratios.oneHotBook.median >= 0.5,
    figures: { ...ratios },
    lines: [
      `over ${bookCount} books: ${shown(ratios.manyBooks)}`,
      `one hot book: ${shown(ratios.oneHotBook)}`,
      `median and spread of ${rounds} interleaved rounds of ${seconds} s`,
    ],
  }
}
