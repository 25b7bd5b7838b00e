import { createTestDatabase, type TestDatabase } from '@colophon/postgres/testing'
import pg from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { createPostgresSchedules } from '../../src/beat/postgres/store.ts'
import { createPostgresBroker } from '../../src/brokers/postgres/index.ts'
import { migratePostgres } from '../../src/postgres/migrate.ts'
import { migrations } from '../../src/postgres/migrations.ts'
import type { SqlConnection, SqlPool } from '../../src/postgres/pool.ts'
import { createPostgresResults } from '../../src/results/postgres/index.ts'
import { poolOf, urlOf } from './support/places.ts'

let database: TestDatabase
let pool: pg.Pool

beforeAll(async () => {
  database = await createTestDatabase()
  pool = poolOf(database, 8)
})
afterAll(async () => {
  await pool.end()
  await database.drop()
})

const versionsOf = async (schema: string) =>
  (await pool.query(`SELECT version FROM ${schema}.schema_version ORDER BY version`)).rows.map(
    ({ version }) => version,
  )
const allVersions = migrations.map((_, index) => index + 1)

test('any number of processes may migrate at once, and again', async () => {
  const schema = 'at_once'
  await Promise.all(Array.from({ length: 6 }, () => migratePostgres(pool, { schema })))
  await migratePostgres(pool, { schema })
  expect(await versionsOf(schema)).toEqual(allVersions)
})

test('a migration that fails leaves nothing behind, and says why', async () => {
  await pool.query('CREATE SCHEMA half; CREATE TABLE half.dead_letters (id int)')
  await expect(migratePostgres(pool, { schema: 'half' })).rejects.toMatchObject({
    code: 'BAD_OPTION',
    message: expect.stringContaining('relation "dead_letters" already exists'),
  })
  const { rows } = await pool.query("SELECT tablename FROM pg_tables WHERE schemaname = 'half'")
  expect(rows).toEqual([{ tablename: 'dead_letters' }])
  // The connection was not left in the transaction.
  expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
})

test('a migration may take longer than any other statement', async () => {
  const url = urlOf(database)
  const hasty = new pg.Pool({ connectionString: url, application_name: 'hasty', statement_timeout: 200 })
  const other = await pool.connect()
  try {
    await other.query('BEGIN; CREATE SCHEMA slow')
    const migrating = migratePostgres(hasty, { schema: 'slow' })
    const waiting = async () => {
      const { rows } = await pool.query(
        `SELECT FROM pg_stat_activity WHERE application_name = 'hasty' AND datname = current_database()
         AND wait_event_type = 'Lock' AND clock_timestamp() - query_start > interval '400 ms'`,
      )
      expect(rows).toHaveLength(1)
    }
    await Promise.race([vi.waitFor(waiting, { timeout: 10_000 }), migrating])
    await other.query('ROLLBACK')
    await migrating
    expect(await versionsOf('slow')).toEqual(allVersions)
    const { rows } = await hasty.query('SHOW statement_timeout')
    expect(rows).toEqual([{ statement_timeout: '200ms' }])
  } finally {
    other.release()
    await hasty.end()
  }
})

test('who is closed while another process migrates does not wait for it', async () => {
  const schema = 'held_up'
  const own = poolOf(database, 4)
  const other = await pool.connect()
  onTestFinished(async () => {
    await other.query('ROLLBACK')
    other.release()
  })
  await other.query(`BEGIN; CREATE SCHEMA ${schema}`)
  const url = urlOf(database)
  const [broker, results] = [createPostgresBroker(url, { schema }), createPostgresResults(own, { schema })]
  const all = [broker, results, createPostgresSchedules(url, { schema })]
  const openings = all.map((each) => expect(each.open()).rejects.toMatchObject({ code: 'CLOSED' }))
  // One of them for the other's schema, and the rest for that one.
  await vi.waitFor(async () => {
    const { rows } = await pool.query(
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    )
    expect(rows).toHaveLength(all.length)
  })
  await Promise.all(all.map((each) => each.close()))
  await Promise.all(openings)
  // It has all its connections back.
  await own.end()
})

test('who uses a table that a version has changed does not wait until the next one has its own', async () => {
  const schema = 'in_use'
  const old = 3
  await pool.query(`CREATE SCHEMA ${schema}; CREATE TABLE ${schema}.schema_version (
    version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())`)
  for (const [index, migration] of migrations.slice(0, old).entries())
    await pool.query(`${migration.replaceAll('{s}', schema)};
      INSERT INTO ${schema}.schema_version VALUES (${index + 1})`)
  const scheduler = await pool.connect()
  try {
    await scheduler.query(`BEGIN; LOCK ${schema}.beat_entries IN ROW EXCLUSIVE MODE`)
    const migrating = migratePostgres(pool, { schema })
    await vi.waitFor(async () => {
      const waiting = `SELECT FROM pg_locks WHERE NOT granted AND relation = '${schema}.beat_entries'::regclass`
      expect((await pool.query(waiting)).rows).toHaveLength(1)
    })
    await pool.query(`SET lock_timeout = 1000; DELETE FROM ${schema}.starts; DELETE FROM ${schema}.groups;
      DELETE FROM ${schema}.dead_letters; RESET lock_timeout`)
    await scheduler.query('COMMIT')
    await migrating
  } finally {
    scheduler.release(true)
  }
  expect(await versionsOf(schema)).toEqual(allVersions)
})

test('a connection that comes too late for a migration is given back', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const connecting = Promise.withResolvers<SqlConnection>()
  const busy: SqlPool = { connect: () => connecting.promise }
  const migrating = expect(migratePostgres(busy)).rejects.toThrow('no answer within')
  await vi.advanceTimersByTimeAsync(60_000)
  await migrating
  const given = Promise.withResolvers<void>()
  connecting.resolve({ query: async () => ({ rows: [] }), on() {}, release: () => given.resolve() })
  await given.promise
})

test('without migration a missing or older schema is refused, with what to do', async () => {
  const schema = 'by_hand'
  const broker = createPostgresBroker(urlOf(database), { schema, migrate: false })
  const results = createPostgresResults(urlOf(database), { schema, migrate: false })
  for (const opening of [() => broker.open(), () => results.open()])
    await expect(opening()).rejects.toMatchObject({
      code: 'BAD_OPTION',
      message: expect.stringMatching(/schema by_hand is not there: call migratePostgres\(pool\)/),
    })
  expect(broker.state).toBe('closed')
  await migratePostgres(pool, { schema })
  await pool.query(`DELETE FROM ${schema}.schema_version WHERE version = $1`, [migrations.length])
  await expect(broker.open()).rejects.toThrow(`needs ${migrations.length}: call migratePostgres`)
  await pool.query(`INSERT INTO ${schema}.schema_version VALUES ($1)`, [migrations.length])
  await Promise.all([broker.open(), results.open()])
  await Promise.all([broker.close(), results.close()])
})

test('an older program goes on beside a newer schema', async () => {
  const schema = 'newer'
  await migratePostgres(pool, { schema })
  await pool.query(`INSERT INTO ${schema}.schema_version VALUES (1000)`)
  await migratePostgres(pool, { schema })
  const broker = createPostgresBroker(urlOf(database), { schema, migrate: false })
  await broker.open()
  await broker.close()
  expect(await versionsOf(schema)).toEqual([...allVersions, 1000])
})

test.each(['', 'Celery', 'a-b', '1a', 'pg_jobs', 'a"; DROP SCHEMA public', 'a'.repeat(33)])(
  'a schema named %j is refused',
  async (schema) => {
    await expect(migratePostgres(pool, { schema })).rejects.toMatchObject({ code: 'BAD_OPTION' })
  },
)

test('a pool that was handed in stays open, and is given all its connections back', async () => {
  const own = poolOf(database, 6)
  const broker = createPostgresBroker(own, { schema: 'handed_in' })
  const results = createPostgresResults(own, { schema: 'handed_in' })
  await Promise.all([broker.open(), results.open()])
  const queue = { name: 'handed-in' }
  const got = Promise.withResolvers<string>()
  await broker.consume(queue, {
    prefetch: 1,
    onDelivery(delivery) {
      void delivery.ack()
      got.resolve(delivery.message.body.toString())
    },
  })
  const properties = { contentType: 'application/json', contentEncoding: 'utf-8' }
  await broker.publish(
    { headers: {}, properties, body: Buffer.from('[]') },
    { exchange: '', routingKey: queue.name },
  )
  expect(await got.promise).toBe('[]')
  const { rows } = await own.query('SELECT current_database()')
  expect(broker.describe().virtual_host).toBe(rows[0].current_database)
  await Promise.all([broker.close(), results.close()])
  expect([own.waitingCount, own.idleCount]).toEqual([0, own.totalCount])
  expect((await own.query('SELECT count(*)::int AS count FROM handed_in.messages')).rows).toEqual([
    { count: 0 },
  ])
  await own.end()
})
