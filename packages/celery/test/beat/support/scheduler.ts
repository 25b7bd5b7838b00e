/**
 * A scheduler in a process of its own, to be killed: `scheduler.ts BROKER STORE SECONDS [hang]`. Says `started`, and
 * `published` for each message that was handed to the broker; with `hang` it never goes on from there.
 */

import { createBeat } from '../../../src/beat/beat.ts'
import { interval } from '../../../src/beat/schedules/interval.ts'
import { createCelery } from '../../../src/create-celery.ts'

const [broker = '', store = '', seconds = '1', hang] = process.argv.slice(2)
const app = createCelery({ broker })
const publish = app.publishTask.bind(app)
app.publishTask = async (...parameters) => {
  await publish(...parameters)
  process.stdout.write('published\n')
  if (hang) await new Promise(() => setInterval(() => {}, 60_000))
}
const schedule = interval(Number(seconds))
const beat = createBeat(app, { store, entries: { tick: { task: 'tasks.tick', schedule } } })
await beat.start()
process.stdout.write('started\n')
