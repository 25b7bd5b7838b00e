import { randomUUID } from 'node:crypto'
import { createTestDatabase, type TestDatabase } from '@colophon/postgres/testing'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPostgresSchedules } from '../../src/beat/postgres/store.ts'
import { type Run, retention, type ScheduleStore } from '../../src/beat/store.ts'
import { scheduleContract } from '../../testing/schedule-contract.ts'
import { poolOf } from './support/postgres.ts'

scheduleContract('PostgreSQL', async () => {
  const test = await createTestDatabase()
  const pools: pg.Pool[] = []
  return {
    store() {
      const pool = poolOf(test.connection)
      pools.push(pool)
      return createPostgresSchedules(pool)
    },
    async drop() {
      await Promise.all(pools.map((pool) => pool.end()))
      await test.drop()
    },
  }
})

describe('schedules in PostgreSQL, seen from SQL', () => {
  let test: TestDatabase
  let pool: pg.Pool
  let store: ScheduleStore

  beforeAll(async () => {
    test = await createTestDatabase()
    pool = poolOf(test.connection)
    store = createPostgresSchedules(pool, { schema: 'jobs' })
    await store.open()
  })
  afterAll(async () => {
    await store?.close()
    await pool?.end()
    await test?.drop()
  })

  async function dueRun(entry: string): Promise<Run> {
    await store.register([{ name: entry, task: 't', schedule: 's', broker: 'b' }])
    const due = new Date((await store.read()).now.getTime() + 1)
    await expect.poll(async () => (await store.read()).now > due, { interval: 1 }).toBe(true)
    return { entry, due, manual: false, taskId: randomUUID() }
  }

  const sent = async (entry: string) =>
    (await pool.query('SELECT due, manual, task_id FROM jobs.beat_runs WHERE entry = $1', [entry])).rows

  it('keeps one row a run, which is there if and only if what was written with it is', async () => {
    const run = await dueRun('atomic')
    await pool.query('CREATE TABLE jobs.sent (id uuid)')
    const write =
      (id: string) => async (transaction?: { query(text: string, values: unknown[]): Promise<unknown> }) => {
        await transaction?.query('INSERT INTO jobs.sent VALUES ($1)', [id])
        if (id !== run.taskId) throw new Error('killed')
      }
    await expect(store.sendOnce(run, write(randomUUID()))).rejects.toThrow('killed')
    expect(await sent('atomic')).toEqual([])
    expect(await store.sendOnce(run, write(run.taskId))).toBe(true)
    expect(await sent('atomic')).toEqual([{ due: run.due, manual: false, task_id: run.taskId }])
    expect((await pool.query('SELECT id FROM jobs.sent')).rows).toEqual([{ id: run.taskId }])
  })

  it('never sends a due time again, even when the entry was set back', async () => {
    const run = await dueRun('set back')
    expect(await store.sendOnce(run, async () => {})).toBe(true)
    await pool.query(`UPDATE jobs.beat_entries SET since = since - interval '1 day' WHERE name = 'set back'`)
    const again = () => Promise.reject(new Error('sent twice'))
    expect(await store.sendOnce(run, again)).toBe(false)
    expect((await store.read()).entries.find(({ name }) => name === 'set back')).toMatchObject({
      since: run.due,
      runs: 1,
    })
  })

  it('makes no connections once it is closed, until it is opened again', async () => {
    const closed = createPostgresSchedules(pool, { schema: 'jobs' })
    await closed.open()
    await closed.close()
    await expect(closed.read()).rejects.toMatchObject({ code: 'CLOSED' })
    await closed.open()
    expect(await closed.read()).toBeDefined()
    await closed.close()
  })

  it('lets a claim last a month', async () => {
    const patient = createPostgresSchedules(pool, { schema: 'jobs', claimTtl: 30 * 86_400 })
    expect(await patient.sendOnce(await dueRun('patient'), async () => {})).toBe(true)
    await patient.close()
  })

  it('gives a run to another when who sends it is frozen for too long', async () => {
    const run = await dueRun('frozen')
    const frozen = createPostgresSchedules(pool, { schema: 'jobs', claimTtl: 0.1 })
    const ids: string[] = []
    const late = frozen.sendOnce(run, async () => {
      const send = async () => void ids.push(run.taskId)
      await expect.poll(() => store.sendOnce(run, send), { interval: 10, timeout: 5_000 }).toBe(true)
    })
    await expect(late).rejects.toMatchObject({ code: 'SCHEDULES_UNAVAILABLE' })
    expect(ids).toEqual([run.taskId])
    expect(await sent('frozen')).toHaveLength(1)
    await frozen.close()
  })

  it('removes entries and runs of long ago', async () => {
    const run = await dueRun('old')
    await store.sendOnce(run, async () => {})
    await pool.query(
      `WITH run AS (UPDATE jobs.beat_runs SET sent = sent - make_interval(secs => $1) WHERE entry = 'old')
       UPDATE jobs.beat_entries SET seen = seen - make_interval(secs => $1) WHERE name = 'old'`,
      [retention],
    )
    await store.register([{ name: 'new', task: 't', schedule: 's', broker: 'b' }])
    const names = (await store.read()).entries.map(({ name }) => name)
    expect(names).toContain('new')
    expect(names).not.toContain('old')
    expect(await sent('old')).toEqual([])
  })

  it('says of a mistake in the program what it is, and not that it is safe to try again', async () => {
    const broken = new TypeError('no function')
    const mistaken = createPostgresSchedules({ connect: () => Promise.reject(broken) })
    await expect(mistaken.open()).rejects.toBe(broken)
    await mistaken.close()
  })

  it('says so when it cannot be reached, without the password', async () => {
    const nowhere = createPostgresSchedules('postgres://me:secret@127.0.0.1:1/none')
    const error = await nowhere.open().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'SCHEDULES_UNAVAILABLE' })
    expect(String(error)).not.toContain('secret')
    await nowhere.close()
  })
})
