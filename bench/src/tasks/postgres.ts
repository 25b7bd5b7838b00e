import { type Spread, shown, spread } from '../figures.ts'
import type { Report } from '../report.ts'
import { temporaryDatabase } from './database.ts'
import { drain, type Rate } from './drain.ts'
import { placeOn } from './place.ts'
import { startFile, startOurs } from './process.ts'

const rounds = 5
const tasks = 20_000
/** What our worker has by itself on two cores: four messages in hand for each task that can run. */
const concurrency = 32
const batch = 4 * concurrency

/** Tasks that do nothing, waiting in PostgreSQL, results there too, no events: our worker, and a bare loop. */
export async function postgres(): Promise<Report> {
  await using database = await temporaryDatabase()
  const ours: Rate[] = []
  const bare: Rate[] = []
  for (let round = 0; round < rounds; round++) {
    await using place = await placeOn(database.url, database.url)
    const env = { ...place.env, BENCH_BATCH: String(batch) }
    ours.push(await drain(place, tasks, () => startOurs(env, ['--concurrency', String(concurrency)])))
    bare.push(await drain(place, tasks, () => startFile('bare-postgres.ts', env)))
  }
  const ratio = (of: keyof Rate): Spread =>
    spread(ours.map((rate, round) => rate[of] / (bare[round]?.[of] ?? Number.NaN)))
  const figures = { perSecond: ratio('perSecond'), perCpu: ratio('perCpu') }
  return {
    name: 'tasks-postgres',
    what: `${tasks} tasks that do nothing, from PostgreSQL, results there too, no events, as a share of a bare loop of SKIP LOCKED in batches of ${batch}, as many as the worker may have in hand`,
    wanted: 'at least 0.5 of its tasks per second',
    met: figures.perSecond.median >= 0.5,
    figures,
    lines: [
      `${shown(figures.perSecond)} of its tasks per second, ${shown(figures.perCpu)} of those per second of CPU time of the process`,
    ],
  }
}
