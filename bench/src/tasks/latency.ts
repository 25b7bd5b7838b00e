import { setTimeout as pause } from 'node:timers/promises'
import { quantile } from '../figures.ts'
import type { Report } from '../report.ts'
import { temporaryDatabase } from './database.ts'
import { type Place, placeOn } from './place.ts'
import { type Started, startOurs, startPython } from './process.ts'
import { servers } from './servers.ts'

const sends = 300
/** Milliseconds of nothing to do between two tasks. */
const rest = 30

/** From the call of `send` to the first line of the task, one task at a time in a worker that has nothing else to do. */
export async function latency(): Promise<Report> {
  const { amqp, redis, python } = servers()
  await using database = await temporaryDatabase()
  const figures: Record<string, number> = {}
  const lines: string[] = []
  const note = async (name: string, broker: string, results: string, begin: (place: Place) => Started) => {
    const { p50, p99 } = await measure(broker, results, begin)
    figures[`${name}.p50`] = p50
    figures[`${name}.p99`] = p99
    lines.push(`${name}: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`)
  }
  const ours = ({ env }: Place) => startOurs(env)
  const theirs = ({ env }: Place) => startPython(python, 'prefork', env)
  await note('rabbitmq', amqp, redis, ours)
  await note('rabbitmq, Python', amqp, redis, theirs)
  await note('redis', redis, redis, ours)
  await note('redis, Python', redis, redis, theirs)
  await note('postgres', database.url, database.url, ours)
  return {
    name: 'tasks-latency',
    what: `milliseconds from the call of send to the start of the task, ${sends} tasks one at a time in an idle worker of ours and in Python's prefork, both sent by our client`,
    figures,
    lines,
  }
}

async function measure(
  broker: string,
  results: string,
  begin: (place: Place) => Started,
): Promise<{ p50: number; p99: number }> {
  await using place = await placeOn(broker, results)
  const worker = begin(place)
  try {
    // The first ones wait for the worker to start, and warm it up.
    for (let i = 0; i < 30; i++) await once(place)
    const waits: number[] = []
    for (let i = 0; i < sends; i++) {
      await pause(rest)
      waits.push(await once(place))
    }
    waits.sort((a, b) => a - b)
    return { p50: quantile(waits, 0.5), p99: quantile(waits, 0.99) }
  } finally {
    await worker.stop()
  }
}

async function once({ app }: Place): Promise<number> {
  const sent = performance.timeOrigin + performance.now()
  const result = await app.send<number>('bench.started_at')
  return (await result.get({ timeout: 60 })) - sent
}
