import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createTestDatabase, type TestDatabase } from '@colophon/postgres/testing'
import type pg from 'pg'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createPostgresBroker } from '../../src/brokers/postgres/index.ts'
import { poolOf, urlOf } from '../postgres/support/places.ts'

let database: TestDatabase
let admin: pg.Pool
const children = new Set<ChildProcess>()

beforeAll(async () => {
  database = await createTestDatabase()
  admin = poolOf(database, 2)
  await admin.query('CREATE TABLE effects (id text, redelivered boolean)')
})
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await admin.end()
  await database.drop()
})

const queue = 'killed'

async function startWorker(): Promise<ChildProcess> {
  const child = fork(new URL('./postgres-kill.child.ts', import.meta.url), [urlOf(database), queue])
  children.add(child)
  await once(child, 'message')
  return child
}

async function kill(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
  children.delete(child)
}

const effects = async () => (await admin.query('SELECT count(DISTINCT id)::int AS n FROM effects')).rows[0].n
const reaches = (count: number) =>
  vi.waitFor(async () => expect(await effects()).toBeGreaterThanOrEqual(count), {
    timeout: 30_000,
    interval: 5,
  })

test('workers killed with messages in hand: every message has its effect, and only those in hand come again', async () => {
  const broker = createPostgresBroker(urlOf(database))
  await broker.open()
  await broker.declare({ name: queue })
  const total = 3_000
  const properties = { contentType: 'application/json', contentEncoding: 'utf-8' }
  const publish = (id: number) =>
    broker.publish(
      { headers: { id: `${id}` }, properties, body: Buffer.from('[]') },
      { exchange: '', routingKey: queue },
    )
  await Promise.all(Array.from({ length: total }, (_, id) => publish(id)))

  const kills = 4
  for (let killed = 0; killed < kills; killed++) {
    const child = await startWorker()
    await reaches(((killed + 1) * total) / (kills + 2))
    await kill(child)
  }
  await startWorker()
  await reaches(total)
  await vi.waitFor(
    async () => expect((await admin.query('SELECT FROM celery.messages')).rows).toHaveLength(0),
    { timeout: 20_000, interval: 20 },
  )
  const { rows } = await admin.query(
    `SELECT count(*)::int AS twice FROM
     (SELECT id FROM effects GROUP BY id HAVING count(*) > 1 AND NOT bool_or(redelivered)) AS doubled`,
  )
  expect(rows).toEqual([{ twice: 0 }])
  await broker.close()
}, 120_000)
