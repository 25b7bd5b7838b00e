import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Database, isTimeout, openDatabase, type Queryable, sql } from '../src/index.ts'
import { createTestDatabase, type TestDatabase } from '../testing/index.ts'
import { withDeadline } from './support/context.ts'
import { startProxy } from './support/proxy.ts'

let fixture: TestDatabase
let database: Database

beforeAll(async () => {
  fixture = await createTestDatabase()
  database = openDatabase({
    connection: fixture.connection,
    application: 'test',
    max: 1,
    statementTimeout: 10_000,
  })
})
afterAll(async () => {
  await database.close()
  await fixture.drop()
})

const nap = sql`SELECT pg_sleep(20)`
/** The statement timeout in force, in milliseconds. */
const timeout = async (queryable: Queryable): Promise<number> =>
  Number(
    (
      await queryable.one<{ ms: string }>(
        sql`SELECT extract(epoch FROM current_setting('statement_timeout')::interval) * 1000 AS ms`,
      )
    ).ms,
  )

async function failure(work: Promise<unknown>): Promise<{ error: unknown; after: number }> {
  const start = performance.now()
  const error = await work.then(
    () => undefined,
    (thrown) => thrown,
  )
  return { error, after: performance.now() - start }
}

describe('a statement by itself', () => {
  test('has the timeout of the pool', async () => {
    expect(await timeout(database)).toBe(10_000)
    const hasty = openDatabase({ connection: fixture.connection, application: 'test', statementTimeout: 50 })
    const { error, after } = await failure(hasty.query(nap))
    expect(error).toSatisfy(isTimeout)
    expect(after).toBeLessThan(2_000)
    await hasty.close()
  })

  test('has what is left of a markedly earlier deadline, and leaves no trace of it', async () => {
    const within = await withDeadline(2_000, () => timeout(database))
    expect(within).toBeGreaterThan(1_000)
    expect(within).toBeLessThanOrEqual(2_000)
    expect(await withDeadline(9_000, () => timeout(database))).toBe(10_000)
    expect(await timeout(database)).toBe(10_000)
  })

  test('is cut off by it, and the connection is good for more', async () => {
    const { error, after } = await failure(withDeadline(200, () => database.query(nap)))
    expect(error).toMatchObject({ code: '57014' })
    expect(error).toSatisfy(isTimeout)
    expect(after).toBeLessThan(2_000)
    expect(await timeout(database)).toBe(10_000)
  })

  test('keeps its own error, its rows and its name under a deadline', async () => {
    await withDeadline(500, async () => {
      await expect(database.query(sql`SELECT 1 / 0`)).rejects.toMatchObject({ code: '22012' })
      expect(await database.query(sql`SELECT ${7}::int AS n`, { name: 'seven' })).toEqual([{ n: 7 }])
    })
  })
})

describe('a transaction', () => {
  test('starts with what is left, and has less as time goes by', async () => {
    await withDeadline(1_000, () =>
      database.transaction(async (tx) => {
        const first = await timeout(tx)
        expect(first).toBeLessThanOrEqual(1_000)
        await tx.query(sql`SELECT pg_sleep(0.4)`)
        expect(await timeout(tx)).toBeLessThan(first - 300)
      }),
    )
    expect(await timeout(database)).toBe(10_000)
  })

  test('can have another timeout, which a deadline still shortens', async () => {
    expect(await database.transaction(timeout, { statementTimeout: 0 })).toBe(0)
    expect(await database.transaction(timeout, { statementTimeout: 20_000 })).toBe(20_000)
    const shortened = await withDeadline(3_000, () => database.transaction(timeout, { statementTimeout: 0 }))
    expect(shortened).toBeGreaterThan(2_000)
    expect(shortened).toBeLessThanOrEqual(3_000)
  })
})

test('a deadline that has passed sends nothing', async () => {
  const nowhere = openDatabase({ connection: { url: 'postgres://x@127.0.0.1:1/x' }, application: 'test' })
  const late = [
    withDeadline(-1, () => nowhere.query(sql`SELECT 1`)),
    withDeadline(-1, () => nowhere.transaction((tx) => tx.query(sql`SELECT 1`))),
  ]
  for (const work of late)
    await expect(work).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringContaining('deadline passed'),
    })
  await nowhere.close()
})

test('waiting for a connection ends with the deadline, and a connection that comes later is not lost', async () => {
  await database.transaction(async (tx) => {
    await tx.query(sql`SELECT 1`)
    const { error, after } = await failure(withDeadline(100, () => database.query(sql`SELECT 1`)))
    expect(error).toSatisfy(isTimeout)
    expect(after).toBeLessThan(2_000)
  })
  expect(await timeout(database)).toBe(10_000)
})

test('a server that has fallen silent is not waited for much longer than the statement may take', async () => {
  const proxy = await startProxy(fixture.connection)
  const options = { connection: proxy.connection, application: 'test', max: 1, connectTimeout: 200 }
  const distant = openDatabase({ ...options, statementTimeout: 100 })
  await distant.query(sql`SELECT 1`)
  proxy.swallow()
  const { error, after } = await failure(distant.query(sql`SELECT 1`))
  expect(error).toMatchObject({ code: 'TIMEOUT', message: expect.stringContaining('did not answer') })
  expect(after).toBeLessThan(3_000)
  // The silent connection was given up, and a new one does not come about in time.
  const again = await failure(distant.query(sql`SELECT 1`))
  expect(again.error).toMatchObject({ code: 'UNAVAILABLE' })
  proxy.close()
  await distant.close()
})
