import { type Spread, shown, spread } from '../figures.ts'
import type { Report } from '../report.ts'
import { drain, type Rate } from './drain.ts'
import { type Place, placeOn } from './place.ts'
import { type Started, startFile, startOurs, startPython } from './process.ts'
import { servers } from './servers.ts'

const rounds = 3
/** Of Python, whose rate is a tenth of ours, fewer. */
const [ourTasks, pythonTasks] = [20_000, 2_000]
/** What our worker takes ahead by itself on two cores. */
const prefetch = '128'

interface Contender {
  tasks: number
  begin(place: Place): Started
}

/** Tasks that do nothing, waiting in RabbitMQ, results in Redis, no events: Python's worker, ours, and a bare loop. */
export async function consume(): Promise<Report> {
  const { amqp, redis, python } = servers()
  const env = (place: Place) => ({ ...place.env, BENCH_PREFETCH: prefetch })
  const contenders: Record<string, Contender> = {
    prefork: { tasks: pythonTasks, begin: (place) => startPython(python, 'prefork', env(place)) },
    solo: { tasks: pythonTasks, begin: (place) => startPython(python, 'solo', env(place)) },
    ours: { tasks: ourTasks, begin: (place) => startOurs(env(place), ['--concurrency', '32']) },
    bare: { tasks: ourTasks, begin: (place) => startFile('bare-rabbitmq.ts', env(place)) },
  }
  const rates = new Map<string, Rate[]>()
  for (let round = 0; round < rounds; round++) {
    for (const [name, { tasks, begin }] of Object.entries(contenders)) {
      await using place = await placeOn(amqp, redis)
      rates.set(name, [...(rates.get(name) ?? []), await drain(place, tasks, () => begin(place))])
    }
  }
  return report(rates)
}

function report(rates: ReadonlyMap<string, Rate[]>): Report {
  const ratio = (over: string, of: keyof Rate): Spread => {
    const others = rates.get(over) ?? []
    const ours = rates.get('ours') ?? []
    return spread(ours.map((rate, round) => rate[of] / (others[round]?.[of] ?? Number.NaN)))
  }
  const figures = {
    prefork: ratio('prefork', 'perCpu'),
    solo: ratio('solo', 'perCpu'),
    bare: ratio('bare', 'perCpu'),
    barePerSecond: ratio('bare', 'perSecond'),
    ourTasksPerCpuSecond: spread((rates.get('ours') ?? []).map(({ perCpu }) => perCpu)).median,
  }
  const { prefork, solo, bare, barePerSecond } = figures
  return {
    name: 'tasks-consume',
    what: "tasks that do nothing, from RabbitMQ, results in Redis, no events: tasks per second of CPU time of the worker's processes",
    wanted: "at least 5 times Python's worker (prefork with one process, and solo), and 0.6 of a bare loop",
    met: prefork.median >= 5 && solo.median >= 5 && bare.median >= 0.6,
    figures,
    lines: [
      `${shown(prefork, 1)} times Python's prefork, ${shown(solo, 1)} times its solo pool`,
      `${shown(bare)} of a bare loop; by the clock ${shown(barePerSecond)}`,
    ],
  }
}
