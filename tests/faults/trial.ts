import { randomBytes } from 'node:crypto'
import { chmodSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { type Database, sql } from '@colophon/postgres'
import { Random } from '../../packages/celery/testing/random.ts'
import { type Acknowledged, buyAll } from './buyers.ts'
import { prepareShop } from './prepare-shop.ts'
import { type Fleet, openFleet, type Shape } from './shapes.ts'
import { judge, type Verdict } from './verdict.ts'

export interface TrialOptions {
  /** One process on its embedded PostgreSQL, or a fleet on PostgreSQL, RabbitMQ and Redis. */
  shape: Shape
  orders: number
  seed: number
  /** An empty folder for data and logs. */
  folder: string
  tell(line: string): void
}

export interface TrialReport extends Verdict {
  acknowledged: number
  /** Orders that were refused, by code. */
  refusals: Record<string, number>
  /** Kills by victim. */
  kills: Record<string, number>
  seconds: number
}

/** Buyers at once. */
const buyers = 12
/** Seconds between two kills, at least and at most, and how long a killed server stays away. */
const [calm, away] = [
  [1.5, 4],
  [0, 3],
] as const
/** Milliseconds for everything to come to rest, and between two looks. */
const [restPatience, restPause] = [10 * 60_000, 500]

/** Places orders while everything is killed in turn; then waits until all is at rest, and looks at what became of them. */
export async function runTrial(options: TrialOptions): Promise<TrialReport> {
  const { shape, orders, seed, folder, tell } = options
  // Servers that root starts run as accounts of their own.
  chmodSync(folder, 0o755)
  const random = new Random(seed)
  const began = performance.now()
  const fleet = await openFleet(shape, { folder, secretKey: randomBytes(32).toString('base64url') })
  try {
    await fleet.start()
    const bookIds = await prepareShop(fleet, random)
    tell(`${shape}: the shop is open, with ${bookIds.length} books`)
    const acknowledged: Acknowledged[] = []
    const over = new AbortController()
    const killing = killInTurn(fleet, random, over.signal, tell)
    const refusals = await buyAll({
      urls: fleet.urls,
      bookIds,
      orders,
      buyers,
      random: new Random(seed + 1),
      signal: over.signal,
      onAcknowledged(order) {
        acknowledged.push(order)
        if (acknowledged.length % 500 === 0) tell(`${acknowledged.length} orders acknowledged`)
      },
    }).finally(() => over.abort())
    const kills = await killing
    tell('all orders are placed: nothing is killed any more')
    const verdict = await lookAtAll(fleet, acknowledged, tell)
    const seconds = (performance.now() - began) / 1000
    return { ...verdict, acknowledged: acknowledged.length, refusals, kills, seconds }
  } finally {
    await fleet.stop()
  }
}

async function lookAtAll(
  fleet: Fleet,
  acknowledged: readonly Acknowledged[],
  tell: TrialOptions['tell'],
): Promise<Verdict> {
  const { database, close } = await fleet.open()
  try {
    await comeToRest(database, tell)
    return await judge(database, acknowledged)
  } finally {
    await close()
  }
}

async function killInTurn(
  fleet: Fleet,
  random: Random,
  signal: AbortSignal,
  tell: TrialOptions['tell'],
): Promise<Record<string, number>> {
  const kills: Record<string, number> = {}
  let turn: Fleet['victims'][number][] = []
  while (!signal.aborted) {
    await delay(random.between(...calm) * 1_000, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) break
    if (turn.length === 0) turn = random.shuffled([...fleet.victims])
    const victim = turn.pop()
    if (victim === undefined) break
    await victim.kill()
    const seconds = random.between(...away)
    tell(`kill -9 of ${victim.name}, away for ${seconds.toFixed(1)} s`)
    await delay(seconds * 1_000)
    await victim.start()
    kills[victim.name] = (kills[victim.name] ?? 0) + 1
  }
  return kills
}

/** Until no order has anything to be done, no message waits, and no hold is left. */
async function comeToRest(database: Database, tell: TrialOptions['tell']): Promise<void> {
  const deadline = Date.now() + restPatience
  let said = 0
  for (;;) {
    const left = await unfinished(database).catch(() => undefined)
    if (left === 0) return
    if (Date.now() > deadline) return tell(`${left} orders and messages did not come to rest`)
    if (left !== undefined && Date.now() - said > 10_000) {
      said = Date.now()
      tell(`${left} orders and messages are not at rest yet`)
    }
    await delay(restPause)
  }
}

async function unfinished(database: Database): Promise<number> {
  const { left } = await database.one<{ left: number }>(sql`
    select (select count(*) from orders.orders where due_at is not null)
      + (select count(*) from orders.outbox where parked_at is null) as left`)
  return left
}

/** For people. */
export function summary(report: TrialReport): string {
  const list = (counts: Record<string, number>) =>
    Object.entries(counts)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ') || 'none'
  const lines = [
    `${report.acknowledged} orders acknowledged in ${report.seconds.toFixed(0)} s; refused: ${list(report.refusals)}`,
    `kills: ${list(report.kills)}`,
    `orders: ${list(report.statuses)}`,
    `the provider took ${report.taken} and gave back ${report.given} (minor units)`,
  ]
  const end =
    report.faults.length === 0 ? ['NOTHING LOST, NOTHING CHARGED TWICE, NOTHING STUCK'] : report.faults
  return [...lines, ...end].join('\n')
}
