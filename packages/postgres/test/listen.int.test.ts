import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { openDatabase, sql } from '../src/index.ts'
import { createTestDatabase, type TestDatabase } from '../testing/index.ts'
import { fakeLog, until } from './support/outbox.ts'

let fixture: TestDatabase

beforeAll(async () => {
  fixture = await createTestDatabase()
})
afterAll(() => fixture.drop())

const notify = (channel: string) => fixture.database.query(sql`select pg_notify(${channel}, '')`)
const listeners = (application: string) =>
  fixture.database.query<{ pid: number }>(sql`
    select pid from pg_stat_activity where application_name = ${application} and datname = current_database()`)

function open(application: string, log = fakeLog()) {
  const database = openDatabase({ connection: fixture.connection, application, max: 1, log })
  onTestFinished(() => database.close())
  return { database, log }
}

test('what is notified on the channel is heard, without a connection of the pool, until it is closed', async () => {
  const { database } = open('hears')
  let heard = 0
  const listening = database.listen('Books "new"', () => void heard++)
  await until(() => heard === 1)
  await notify('books')
  await notify('Books "new"')
  await until(() => heard === 2)
  expect(database.stats().total).toBe(0)
  await listening.close()
  await listening.close()
  await until(async () => (await listeners('hears')).length === 0)
  await notify('Books "new"')
  expect(heard).toBe(2)
})

test('a connection that is lost is made again, and what was missed can be looked for then', async () => {
  const { database, log } = open('loses')
  let heard = 0
  database.listen('books', () => void heard++)
  await until(() => heard === 1)
  for (const { pid } of await listeners('loses')) {
    await fixture.database.query(sql`select pg_terminate_backend(${pid}::int)`)
  }
  await until(() => heard === 2)
  await notify('books')
  await until(() => heard === 3)
  expect(log.lines).toMatchObject([
    { level: 'warn', channel: 'books', reason: expect.stringMatching(/terminat/) },
  ])
})

test('a server that is not there is tried again, with one warning, until the database is closed', async () => {
  const log = fakeLog()
  const connection = { url: 'postgres://nobody@127.0.0.1:1/none' }
  const database = openDatabase({ connection, application: 'seeks', log })
  const listening = database.listen('books', () => expect.unreachable())
  await until(() => log.lines.length > 0)
  await database.close()
  await listening.close()
  expect(log.lines).toHaveLength(1)
})
