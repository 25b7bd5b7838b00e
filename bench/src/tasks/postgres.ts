import { type Spread, shown, spread } from '../figures.ts'
import type { Report } from '../report.ts'
import { temporaryDatabase } from './database.ts'
import { drain, type Rate } from './drain.ts'
import { placeOn } from './place.ts'
import { startFile, startOurs } from './process.ts'

const rounds = 5
const tasks = 40_000
/** What our worker has by itself on two cores: four messages in hand for each task that can run. */
const concurrency = 32
const batch = 4 * concurrency

/** As the bare loop does, which deletes a message when its result is written; or before it is run, as is the default. */
const lateTask = 'bench.noop_late'
const earlyTask = 'bench.noop'

/** Tasks that do nothing, waiting in PostgreSQL, results there too, no events: our worker, and a bare loop. */
export async function postgres(): Promise<Report> {
  await using database = await temporaryDatabase()
  const rates: Record<'late' | 'early' | 'bare', Rate[]> = { late: [], early: [], bare: [] }
  for (let round = 0; round < rounds; round++) {
    await using place = await placeOn(database.url, database.url)
    const env = { ...place.env, BENCH_BATCH: String(batch) }
    const ours = () => startOurs(env, ['--concurrency', String(concurrency)])
    rates.late.push(await drain(place, tasks, ours, lateTask))
    rates.bare.push(await drain(place, tasks, () => startFile('bare-postgres.ts', env)))
    rates.early.push(await drain(place, tasks, ours, earlyTask))
  }
  const share = (of: 'late' | 'early', by: keyof Rate): Spread =>
    spread(rates[of].map((rate, round) => rate[by] / (rates.bare[round]?.[by] ?? Number.NaN)))
  const figures = {
    perSecond: share('late', 'perSecond'),
    perCpu: share('late', 'perCpu'),
    earlyPerSecond: share('early', 'perSecond'),
  }
  return {
    name: 'tasks-postgres',
    what: `${tasks} tasks that do nothing, from PostgreSQL, results there too, no events, as a share of a bare loop of SKIP LOCKED in batches of ${batch}, as many as the worker may have in hand`,
    wanted: 'at least 0.5 of its tasks per second',
    met: figures.perSecond.median >= 0.5,
    figures,
    lines: [
      `acknowledged late, as the loop does: ${shown(figures.perSecond)} of its tasks per second, ${shown(figures.perCpu)} of those per second of CPU time of the process`,
      `acknowledged early, which is the default: ${shown(figures.earlyPerSecond)} of its tasks per second`,
    ],
  }
}
