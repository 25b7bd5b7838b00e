import { randomBytes } from 'node:crypto'
import { chmodSync } from 'node:fs'
import { Random } from '../../packages/celery/testing/random.ts'
import { signIn } from '../support/staff.ts'
import { type Acknowledged, type Bought, buyAll } from './buyers.ts'
import { deadSteps } from './dead-steps.ts'
import { webhooksGivenUp } from './given-up.ts'
import { type Killed, killInTurn } from './killing.ts'
import { createPace } from './pace.ts'
import { prepareShop } from './prepare-shop.ts'
import { type Fleet, openFleet, type Shape } from './shapes.ts'
import { tempoOf } from './tempo.ts'
import { fault, judgeAtRest, type Verdict } from './verdict.ts'

export interface TrialOptions {
  /** One process on its embedded PostgreSQL, or a fleet on PostgreSQL, RabbitMQ and Redis. */
  shape: Shape
  orders: number
  seed: number
  /** An empty folder for data and logs. */
  folder: string
  /** Milliseconds for everything to come to rest; seventeen minutes when absent. */
  patience?: number
  tell(line: string): void
}

export interface TrialReport extends Verdict {
  acknowledged: number
  /** Orders and cancellations that were refused, by code. */
  refusals: Record<string, number>
  /** Kills by victim. */
  kills: Record<string, number>
  seconds: number
}

/** Buyers at once. */
const buyers = 12

/** Milliseconds that a buyer goes on without an answer. */
const buyersPatience = 120_000

/**
 * Milliseconds. What takes longest and is right is a mail that was lost: it is due after ten minutes, for a
 * reconciler that comes by every five.
 */
const restPatience = 17 * 60_000

/**
 * Places orders while everything is killed in turn; then waits until all is at rest, and looks at what became
 * of them.
 */
export async function runTrial(options: TrialOptions): Promise<TrialReport> {
  const { shape, seed, folder } = options
  // Servers that root starts run as accounts of their own.
  chmodSync(folder, 0o755)
  const began = performance.now()
  const fleet = await openFleet(shape, { folder, secretKey: randomBytes(32).toString('base64url') })
  let report: Omit<TrialReport, 'seconds'>
  let ended: string[] = []
  try {
    await fleet.start()
    report = await tryFleet(fleet, new Random(seed), options)
  } finally {
    ended = await fleet.stop()
  }
  const faults = [...report.faults, ...fault('ended by itself: see its log', ended)]
  return { ...report, faults, seconds: (performance.now() - began) / 1000 }
}

/** Told by a short trial, as it is what it does to its shop. */
const hurried = ", and the sweeper's minute is a quarter of one"

async function tryFleet(
  fleet: Fleet,
  random: Random,
  options: TrialOptions,
): Promise<Omit<TrialReport, 'seconds'>> {
  const { shape, orders, tell } = options
  const bookIds = await prepareShop(fleet, random)
  tell(`${shape}: the shop is open, with ${bookIds.length} books`)
  const { acknowledged, refusals, strange, kills, ended } = await placeOrders(fleet, bookIds, random, options)
  tell(`all orders are placed: nothing is killed any more${tempoOf(orders).hurries ? hurried : ''}`)
  const verdict = await lookAtAll(fleet, acknowledged, options)
  const spared = fleet.victims.filter(({ name }) => kills[name] === undefined).map(({ name }) => name)
  const faults = [
    ...fault('answers that nobody should be given', strange),
    ...fault('ended by itself before it was killed: see its log', ended),
    ...fault('never killed', spared),
    ...verdict.faults,
  ]
  return { ...verdict, faults, acknowledged: acknowledged.length, refusals, kills }
}

interface Placed extends Bought, Killed {
  acknowledged: Acknowledged[]
}

/** @throws what a kill or a start failed with: no more orders are placed then */
export async function placeOrders(
  { urls, victims }: Pick<Fleet, 'urls' | 'victims'>,
  bookIds: readonly string[],
  random: Random,
  { orders, seed, tell }: Pick<TrialOptions, 'orders' | 'seed' | 'tell'>,
): Promise<Placed> {
  const acknowledged: Acknowledged[] = []
  const over = new AbortController()
  const { signal } = over
  const tempo = tempoOf(orders)
  const pace = createPace(orders, victims.length * tempo.turns[0], signal)
  const killing = killInTurn({ victims, random, tempo, pace, tell }, signal)
  killing.catch((error) => over.abort(error))
  const onAcknowledged = (order: Acknowledged) => {
    acknowledged.push(order)
    if (acknowledged.length % 500 === 0) tell(`${acknowledged.length} orders acknowledged`)
  }
  const buying = buyAll({
    urls,
    bookIds,
    orders,
    buyers,
    random: new Random(seed + 1),
    pace,
    patience: buyersPatience,
    signal,
    onAcknowledged,
  })
  // However it ends: what was killed is started again before anybody goes on.
  const bought = await buying.finally(() => {
    over.abort()
    return killing
  })
  return { ...bought, ...(await killing), acknowledged }
}

async function lookAtAll(
  fleet: Fleet,
  acknowledged: readonly Acknowledged[],
  { orders, patience = restPatience, tell }: TrialOptions,
): Promise<Verdict> {
  const { database, close } = await fleet.open()
  try {
    const { hurries } = tempoOf(orders)
    const verdict = await judgeAtRest(database, acknowledged, { patience, hurries, tell })
    const staff = await signIn(fleet.urls[0] ?? '', fleet.environment)
    const faults = [
      ...verdict.faults,
      ...fault('webhooks that the shop never took', await webhooksGivenUp(fleet.sandboxLog)),
      ...fault("dead letters of orders' steps", await deadSteps(staff, tell)),
    ]
    return { ...verdict, faults }
  } finally {
    await close()
  }
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
    report.faults.length === 0
      ? ['NOTHING LOST, NOTHING DOUBLED, NOTHING CHARGED TWICE, NOTHING STUCK']
      : report.faults
  return [...lines, ...end].join('\n')
}
