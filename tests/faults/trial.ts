import { randomBytes } from 'node:crypto'
import { chmodSync } from 'node:fs'
import { Random } from '../../packages/celery/testing/random.ts'
import { signIn } from '../support/staff.ts'
import { type Acknowledged, type Bought, buyAll } from './buyers.ts'
import { killInTurn } from './killing.ts'
import { createPace } from './pace.ts'
import { prepareShop } from './prepare-shop.ts'
import { comeToRest } from './rest.ts'
import { type Fleet, openFleet, type Shape } from './shapes.ts'
import { fault, judge, type Verdict } from './verdict.ts'

export interface TrialOptions {
  /** One process on its embedded PostgreSQL, or a fleet on PostgreSQL, RabbitMQ and Redis. */
  shape: Shape
  orders: number
  seed: number
  /** An empty folder for data and logs. */
  folder: string
  /** Milliseconds for everything to come to rest; ten minutes when absent. */
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

/** Places orders while everything is killed in turn; then waits until all is at rest, and looks at what became of them. */
export async function runTrial(options: TrialOptions): Promise<TrialReport> {
  const { shape, seed, folder, tell } = options
  // Servers that root starts run as accounts of their own.
  chmodSync(folder, 0o755)
  const random = new Random(seed)
  const began = performance.now()
  const fleet = await openFleet(shape, { folder, secretKey: randomBytes(32).toString('base64url') })
  try {
    await fleet.start()
    const bookIds = await prepareShop(fleet, random)
    tell(`${shape}: the shop is open, with ${bookIds.length} books`)
    const { acknowledged, refusals, strange, kills } = await placeOrders(fleet, bookIds, random, options)
    tell('all orders are placed: nothing is killed any more')
    const verdict = await lookAtAll(fleet, acknowledged, options)
    const faults = [...fault('answers that nobody should be given', strange), ...verdict.faults]
    const seconds = (performance.now() - began) / 1000
    return { ...verdict, faults, acknowledged: acknowledged.length, refusals, kills, seconds }
  } finally {
    await fleet.stop()
  }
}

interface Placed extends Bought {
  acknowledged: Acknowledged[]
  kills: Record<string, number>
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
  const pace = createPace(orders, victims.length, signal)
  const killing = killInTurn(victims, random, signal, pace, tell)
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
    signal,
    onAcknowledged,
  })
  // However it ends: what was killed is started again before anybody goes on.
  const bought = await buying.finally(() => {
    over.abort()
    return killing
  })
  return { ...bought, acknowledged, kills: await killing }
}

async function lookAtAll(
  fleet: Fleet,
  acknowledged: readonly Acknowledged[],
  { patience = 10 * 60_000, tell }: TrialOptions,
): Promise<Verdict> {
  const { database, close } = await fleet.open()
  try {
    await comeToRest(database, patience, tell)
    const verdict = await judge(database, acknowledged)
    return { ...verdict, faults: [...verdict.faults, ...(await deadSteps(fleet, tell))] }
  } finally {
    await close()
  }
}

/** What moves orders on, and must not become a dead letter while servers are away. */
const steps = ['charge', 'confirm', 'expire', 'settle', 'refund'].map((step) => `orders.${step}`)

/** Tells of the first hundred dead letters. */
async function deadSteps({ urls: [url = ''], environment }: Fleet, tell: TrialOptions['tell']) {
  const staff = await signIn(url, environment)
  const { items } = await staff.get<{ items: { task: string | null }[] }>('/api/dead-letters?limit=100')
  for (const letter of items) tell(`a dead letter: ${JSON.stringify(letter)}`)
  return fault(
    "dead letters of orders' steps",
    items.filter(({ task }) => task === null || steps.includes(task)),
  )
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
