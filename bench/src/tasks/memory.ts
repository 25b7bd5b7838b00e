import type { Report } from '../report.ts'
import { residentMb } from './cpu.ts'
import { fill, finished } from './drain.ts'
import { type Place, placeOn } from './place.ts'
import { startOurs, startPython } from './process.ts'
import { servers } from './servers.ts'

/** Tasks after which memory is looked at. */
const [early, late] = [50_000, 200_000]
/** So many are sent before the next are. */
const atOnce = 10_000
const tolerance = 1.1

interface Use {
  heapUsed: number
  rss: number
}

/** MB of Python's worker and its child process. */
async function idlePythonMb(python: string, amqp: string, redis: string): Promise<number> {
  await using place = await placeOn(amqp, redis)
  const worker = startPython(python, 'prefork', place.env)
  try {
    await (await place.app.send('bench.noop')).get({ timeout: 60 })
    return residentMb(worker.pid)
  } finally {
    await worker.stop()
  }
}

/** Tasks that do nothing, a part at a time, their results forgotten when they are there. */
async function work(place: Place, tasks: number): Promise<void> {
  const store = await place.app.store()
  for (let done = 0; done < tasks; done += atOnce) {
    const ids = await fill(place, atOnce)
    await finished(store, ids)
    await store.forget(ids)
  }
}

/** Memory of a worker that waits, and of one that has done many tasks: it must not grow with their number. */
export async function memory(): Promise<Report> {
  const { amqp, redis, python } = servers()
  const pythonMb = await idlePythonMb(python, amqp, redis)
  const { idle, before, after } = await looks(amqp, redis)
  const mb = (bytes: number) => Math.round(bytes / 1024 / 1024)
  const figures = {
    idleMb: mb(idle.rss),
    idlePythonMb: Math.round(pythonMb),
    heapRatio: after.heapUsed / before.heapUsed,
    rssRatio: after.rss / before.rss,
    lateMb: mb(after.rss),
    lateHeapMb: mb(after.heapUsed),
  }
  return {
    name: 'tasks-memory',
    what: `memory of the worker on RabbitMQ with results in Redis, run from its sources: idle, and after ${late} tasks as a multiple of that after ${early}, what can be let go left out`,
    wanted: `at most ${tolerance} times, heap and resident`,
    met: figures.heapRatio <= tolerance && figures.rssRatio <= tolerance,
    figures,
    lines: [
      `idle ${figures.idleMb} MB, Python's prefork with one process ${figures.idlePythonMb} MB`,
      `after ${late} tasks ${figures.lateMb} MB, of which ${figures.lateHeapMb} MB are JavaScript's objects: ${figures.rssRatio.toFixed(2)} times that after ${early}; heap ${figures.heapRatio.toFixed(2)} times`,
    ],
  }
}

async function looks(amqp: string, redis: string): Promise<{ idle: Use; before: Use; after: Use }> {
  await using place = await placeOn(amqp, redis)
  const worker = startOurs(place.env, [], ['--expose-gc'])
  try {
    const look = async () => await (await place.app.send<Use>('bench.memory')).get({ timeout: 120 })
    const idle = await look()
    await work(place, early)
    const before = await look()
    await work(place, late - early)
    return { idle, before, after: await look() }
  } finally {
    await worker.stop()
  }
}
