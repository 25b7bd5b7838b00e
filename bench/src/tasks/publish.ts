import { type Spread, shown, spread } from '../figures.ts'
import type { Report } from '../report.ts'
import { placeOn } from './place.ts'
import { output, outputOfFile } from './process.ts'
import { servers } from './servers.ts'

const rounds = 3
/** How many are awaited together, and how many of them all. */
const ways = { batches: { atOnce: 500, count: 20_000 }, oneByOne: { atOnce: 1, count: 1_000 } }
const pythonCount = 1_000

const marks = [
  ['rabbitmq.batchesOfPython', 5],
  ['rabbitmq.batchesOfBare', 0.6],
  ['rabbitmq.oneByOneOfBare', 0.6],
] as const

type Way = keyof typeof ways
type Broker = 'rabbitmq' | 'redis'

/** Messages per second, of CPU time of the process and of the clock. */
interface Rate {
  perCpu: number
  perSecond: number
}

/** Sending a task that does nothing, its result ignored: Python's `apply_async`, our `send`, and as many bytes bare. */
export async function publish(): Promise<Report> {
  const { amqp, redis, python } = servers()
  const figures: Record<string, Spread> = {}
  const lines: string[] = []
  for (const [broker, url] of [
    ['rabbitmq', amqp],
    ['redis', redis],
  ] as const) {
    const found = await ratios(url, redis, python)
    for (const [name, ratio] of Object.entries(found)) figures[`${broker}.${name}`] = ratio
    for (const way of Object.keys(ways) as Way[]) lines.push(lineOf(broker, way, found))
  }
  return {
    name: 'tasks-publish',
    what: 'sending a task that does nothing, its result ignored: messages per second of CPU time of the process, 500 awaited together and one by one',
    wanted:
      "on RabbitMQ together at least 5 times Python's apply_async, which waits for no confirm, and either way 0.6 of publishing as many bytes bare",
    met: marks.every(([name, least]) => (figures[name]?.median ?? 0) >= least),
    figures,
    lines,
  }
}

/** Each round in a place of its own, all sides in turns. */
async function ratios(broker: string, results: string, python: string): Promise<Record<string, Spread>> {
  const found = new Map<string, number[]>()
  const note = (name: string, ratio: number) => found.set(name, [...(found.get(name) ?? []), ratio])
  for (let round = 0; round < rounds; round++) {
    await using place = await placeOn(broker, results)
    const theirs = rateOf(
      pythonCount,
      await output(`${python}/python`, ['python_tasks.py', String(pythonCount)], place.env),
    )
    for (const way of Object.keys(ways) as Way[]) {
      const { atOnce, count } = ways[way]
      const args = [String(count), String(atOnce)]
      const ours = rateOf(count, await outputOfFile('publish-ours.ts', args, place.env))
      const bare = rateOf(count, await outputOfFile('publish-bare.ts', args, place.env))
      note(`${way}OfPython`, ours.perCpu / theirs.perCpu)
      note(`${way}OfBare`, ours.perCpu / bare.perCpu)
      note(`${way}OfBareByClock`, ours.perSecond / bare.perSecond)
    }
  }
  return Object.fromEntries([...found].map(([name, all]) => [name, spread(all)]))
}

function rateOf(count: number, printed: string): Rate {
  const [cpu = Number.NaN, clock = Number.NaN] = printed.split(' ').map(Number)
  return { perCpu: count / cpu, perSecond: count / clock }
}

function lineOf(broker: Broker, way: Way, found: Record<string, Spread>): string {
  const figure = (of: string, digits = 2) => {
    const ratio = found[`${way}${of}`]
    return ratio ? shown(ratio, digits) : ''
  }
  const how = way === 'batches' ? '500 together' : 'one by one'
  return `${broker}, ${how}: ${figure('OfPython', 1)} times Python, ${figure('OfBare')} of bare; by the clock ${figure('OfBareByClock')}`
}
