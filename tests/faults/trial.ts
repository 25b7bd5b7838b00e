import { randomBytes } from 'node:crypto'
import { chmodSync, realpathSync } from 'node:fs'
import { Random } from '../../packages/celery/testing/random.ts'
import { signIn } from '../support/staff.ts'
import { type Acknowledged, type Bought, buyAll } from './buyers.ts'
import { deadSteps } from './dead-steps.ts'
import { webhooksGivenUp } from './given-up.ts'
import { type Killed, killInTurn } from './killing.ts'
import { createPace } from './pace.ts'
import { prepareShop } from './prepare-shop.ts'
import { Requests } from './requests.ts'
import { type Fleet, openFleet, type Shape, type Victim } from './shapes.ts'
import { tempoOf } from './tempo.ts'
import { fault, judgeAtRest, type Verdict } from './verdict.ts'

export interface TrialOptions {
  /** One process on its embedded PostgreSQL, or a fleet on PostgreSQL, RabbitMQ and Redis. */
  shape: Shape
  orders: number
  seed: number
  /** An empty folder for data and logs. */
  folder: string
  /** Milliseconds for everything to come to rest. */
  patience: number
  /** Ends the trial before its time, which throws its reason. */
  signal?: AbortSignal
  tell(line: string): void
}

export interface TrialReport extends Verdict {
  acknowledged: number
  /** Orders and cancellations that were refused, by code. */
  refusals: Record<string, number>
  /** Kills by victim. */
  kills: Record<string, number>
  /** Requests that a kill left without an answer. */
  cutOff: number
  /** Whether the sweeper's minute was a quarter of one, in the end. */
  hurries: boolean
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
export const restPatience = 17 * 60_000

/**
 * Places orders while everything is killed in turn; then waits until all is at rest, and looks at what became
 * of them.
 */
export async function runTrial(options: TrialOptions): Promise<TrialReport> {
  const { shape, seed } = options
  // As the system itself tells of it, which knows a process by its folder.
  const folder = realpathSync(options.folder)
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

async function tryFleet(
  fleet: Fleet,
  random: Random,
  options: TrialOptions,
): Promise<Omit<TrialReport, 'seconds'>> {
  const { shape, orders, tell } = options
  const bookIds = await prepareShop(fleet, random)
  tell(`${shape}: the shop is open, with ${bookIds.length} books`)
  const placed = await placeOrders(fleet, bookIds, random, options)
  const { acknowledged, refusals, kills, cutOff } = placed
  const { hurries } = tempoOf(orders)
  tell(`all orders are placed: nothing is killed any more${hurries ? ', and the sweeper is hurried' : ''}`)
  const verdict = await lookAtAll(fleet, acknowledged, options)
  const faults = [
    ...fault('answers that nobody should be given', placed.strange),
    ...wrongKills(fleet.victims, placed),
    ...verdict.faults,
  ]
  return { ...verdict, faults, acknowledged: acknowledged.length, refusals, kills, cutOff, hurries }
}

interface Placed extends Bought, Killed {
  acknowledged: Acknowledged[]
  /** Requests that were sent and never answered. */
  cutOff: number
}

/** What is wrong with the kills, without which a trial shows nothing, however well everything ends. */
export function wrongKills(
  victims: readonly Pick<Victim, 'name' | 'api'>[],
  { kills, ended, cutOff }: Pick<Placed, 'kills' | 'ended' | 'cutOff'>,
): string[] {
  const isKilled = ({ name }: Pick<Victim, 'name'>) => kills[name] !== undefined
  const names = (some: readonly Pick<Victim, 'name'>[]) => some.map(({ name }) => name)
  const apis = victims.filter((victim) => victim.api !== undefined && isKilled(victim))
  return [
    ...fault('ended by itself before it was killed: see its log', ended),
    ...fault('never killed', names(victims.filter((victim) => !isKilled(victim)))),
    ...fault('killed and nobody was cut off', cutOff === 0 ? names(apis) : []),
  ]
}

/** @throws what a kill or a start failed with: no more orders are placed then */
export async function placeOrders(
  { urls, victims }: Pick<Fleet, 'urls' | 'victims'>,
  bookIds: readonly string[],
  random: Random,
  { orders, seed, signal: ending, tell }: Pick<TrialOptions, 'orders' | 'seed' | 'signal' | 'tell'>,
): Promise<Placed> {
  const acknowledged: Acknowledged[] = []
  const over = new AbortController()
  const signal = ending ? AbortSignal.any([over.signal, ending]) : over.signal
  const requests = new Requests()
  const tempo = tempoOf(orders)
  const pace = createPace(orders, victims.length * tempo.turns[0], signal)
  const killing = killInTurn({ victims, random, tempo, pace, requests, tell }, signal)
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
    requests,
    patience: buyersPatience,
    signal,
    onAcknowledged,
  })
  // However it ends: what was killed is started again before anybody goes on.
  const bought = await buying.finally(() => {
    over.abort()
    return killing
  })
  return { ...bought, ...(await killing), acknowledged, cutOff: requests.cutOff }
}

async function lookAtAll(
  fleet: Fleet,
  acknowledged: readonly Acknowledged[],
  { orders, patience, signal, tell }: TrialOptions,
): Promise<Verdict> {
  const { database, close } = await fleet.open()
  try {
    const { hurries } = tempoOf(orders)
    const verdict = await judgeAtRest(database, acknowledged, { patience, hurries, signal, tell })
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
    `kills: ${list(report.kills)}; requests that they cut off: ${report.cutOff}`,
    `orders: ${list(report.statuses)}`,
    `the provider took ${report.taken} and gave back ${report.given} (minor units)`,
  ]
  if (report.hurries) lines.push("once all were placed, the sweeper's minute was a quarter of one")
  const end =
    report.faults.length === 0
      ? ['NOTHING LOST, NOTHING DOUBLED, NOTHING CHARGED TWICE, NOTHING STUCK']
      : report.faults
  return [...lines, ...end].join('\n')
}
