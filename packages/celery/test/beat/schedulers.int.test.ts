import { randomUUID } from 'node:crypto'
import { createTestDatabase, type TestDatabase } from '@colophon/postgres/testing'
import { Redis } from 'ioredis'
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Beat, createBeat } from '../../src/beat/beat.ts'
import { createRedisSchedules } from '../../src/beat/redis/store.ts'
import { runId } from '../../src/beat/run-id.ts'
import { interval } from '../../src/beat/schedules/interval.ts'
import type { ScheduleStore } from '../../src/beat/store.ts'
import { type Celery, createCelery } from '../../src/create-celery.ts'
import { leftOut, servers } from '../../testing/servers.ts'
import { poolOf, urlOf } from './support/postgres.ts'
import { type SchedulerProcess, startScheduler } from './support/processes.ts'

describe('many schedulers on one PostgreSQL, which is the broker too', () => {
  let test: TestDatabase
  let url: string
  let pool: pg.Pool
  const apps: Celery[] = []
  const beats: Beat[] = []
  const processes: SchedulerProcess[] = []

  beforeEach(async () => {
    test = await createTestDatabase()
    url = urlOf(test.connection)
    pool = poolOf(test.connection)
  })
  afterEach(async () => {
    await Promise.all(processes.splice(0).map((process) => process.kill()))
    await Promise.all(beats.splice(0).map((beat) => beat.stop()))
    await Promise.all(apps.splice(0).map((app) => app.close()))
    await pool.end()
    await test.drop()
  })

  function scheduler(seconds: number): Beat {
    const app = createCelery({ broker: url })
    const schedule = interval(seconds)
    const entries = { tick: { task: 'tasks.tick', schedule }, tock: { task: 'tasks.tock', schedule } }
    const beat = createBeat(app, { store: url, entries })
    apps.push(app)
    beats.push(beat)
    return beat
  }

  async function runs(entry: string): Promise<{ due: Date; task_id: string }[]> {
    const text = 'SELECT due, task_id FROM celery.beat_runs WHERE entry = $1 ORDER BY due'
    return (await pool.query(text, [entry])).rows
  }

  /** Ids of the messages of a task, in their order. */
  async function messages(task: string): Promise<string[]> {
    const text = `SELECT headers::json->>'id' AS id FROM celery.messages WHERE headers::json->>'task' = $1 ORDER BY id`
    return (await pool.query<{ id: string }>(text, [task])).rows.map(({ id }) => id)
  }

  /** One message for each run and one run for each message, each run at a nominal time of its own. */
  async function expectEachOnce(name: string, seconds: number): Promise<void> {
    const rows = await runs(name)
    expect((await messages(`tasks.${name}`)).sort()).toEqual(rows.map(({ task_id }) => task_id).sort())
    const [first] = rows
    for (const { due, task_id } of rows) {
      expect(task_id).toBe(runId(name, due, false))
      expect((due.getTime() - (first?.due.getTime() ?? 0)) % (seconds * 1000)).toBe(0)
    }
  }

  it('sends each run once', async () => {
    for (let count = 0; count < 4; count++) await scheduler(0.05).start()
    await expect.poll(async () => (await runs('tick')).length, { timeout: 15_000 }).toBeGreaterThan(15)
    await Promise.all(beats.map((beat) => beat.stop()))
    await expectEachOnce('tick', 0.05)
    await expectEachOnce('tock', 0.05)
  })

  it('sends the run of one that is killed after it published and before it committed', async () => {
    const killed = startScheduler(url, url, '0.2', 'hang')
    processes.push(killed)
    await killed.said('published')
    expect(await messages('tasks.tick')).toEqual([])
    await scheduler(0.2).start()
    await killed.kill()
    await expect.poll(async () => (await runs('tick')).length, { timeout: 15_000 }).toBeGreaterThan(1)
    await beats[0]?.stop()
    await expectEachOnce('tick', 0.2)
  })

  it('sends each run once whoever is killed when', { timeout: 60_000 }, async () => {
    await scheduler(0.02).start()
    for (let round = 1; round <= 4; round++) {
      const process = startScheduler(url, url, '0.02')
      processes.push(process)
      await process.said('published', round * 2)
      await process.kill()
    }
    await beats[0]?.stop()
    expect((await runs('tick')).length).toBeGreaterThan(10)
    await expectEachOnce('tick', 0.02)
  })
})

const { redis } = servers
if (redis === undefined) leftOut('many schedulers on one Redis', 'TEST_REDIS_URL')

describe.skipIf(redis === undefined)('many schedulers on one Redis', () => {
  const key = `test-beat-${randomUUID()}`
  const broker = `memory:${randomUUID()}`
  const stores: ScheduleStore[] = []
  const sent: string[] = []
  let app: Celery

  beforeAll(() => {
    app = createCelery({ broker })
    app.publishTask = async (message) => void sent.push(message.headers.id)
  })
  afterAll(async () => {
    await app.close()
    await Promise.all(stores.map((store) => store.close()))
    const client = new Redis(redis ?? '')
    await client.del(key)
    await client.quit()
  })

  it('sends each run once while none of them dies', async () => {
    const entries = { tick: { task: 'tasks.tick', schedule: interval(0.05) } }
    const beats = Array.from({ length: 4 }, () => {
      const store = createRedisSchedules(redis ?? '', { key })
      stores.push(store)
      return createBeat(app, { entries, store })
    })
    await Promise.all(beats.map((beat) => beat.start()))
    await expect.poll(() => sent.length, { timeout: 15_000 }).toBeGreaterThan(15)
    await Promise.all(beats.map((beat) => beat.stop()))
    expect(new Set(sent).size).toBe(sent.length)
    const [state] = (await stores[0]?.read())?.entries ?? []
    expect(state?.runs).toBe(sent.length)
    expect(sent.at(-1)).toBe(runId('tick', state?.lastDue ?? new Date(0), false))
  })
})
