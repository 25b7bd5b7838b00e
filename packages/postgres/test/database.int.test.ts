import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  type Database,
  isUnavailable,
  isUniqueViolation,
  join,
  openDatabase,
  sql,
  type Target,
} from '../src/index.ts'
import { createTestDatabase, type TestDatabase } from '../testing/index.ts'

let fixture: TestDatabase
let database: Database
let connection: Target

beforeAll(async () => {
  fixture = await createTestDatabase()
  ;({ database, connection } = fixture)
})
afterAll(() => fixture.drop())

const ownPid = sql`SELECT pg_backend_pid() AS pid`

describe('values', () => {
  test('come out exact and independent of the time zone of machine and server', async () => {
    const row = await database.one(sql`
      SELECT 9007199254740991::int8 AS int8, 1.10::numeric AS numeric, date '2024-02-29' AS date,
             timestamptz '2024-03-01 00:30:00.123456+02' AS timestamptz, timestamptz '2024-03-01 00:00Z' AS whole,
             timestamptz '2024-03-01 00:00:00.5Z' AS half,
             timestamp '2024-03-01 00:30' AS timestamp, 'infinity'::timestamptz AS infinity,
             ARRAY[1, NULL]::int8[] AS int8s, ARRAY[1.10]::numeric[] AS numerics, ARRAY[[date '2024-02-29']] AS dates,
             ARRAY[timestamptz '2024-03-01Z'] AS timestamptzs, '{"a": [1]}'::jsonb AS jsonb, NULL::int8 AS nothing`)
    expect(row).toEqual({
      int8: 9007199254740991,
      numeric: '1.10',
      date: '2024-02-29',
      timestamptz: '2024-02-29T22:30:00.123456Z',
      whole: '2024-03-01T00:00:00.000Z',
      half: '2024-03-01T00:00:00.500Z',
      timestamp: '2024-03-01T00:30:00.000',
      infinity: 'infinity',
      int8s: [1, null],
      numerics: ['1.10'],
      dates: [['2024-02-29']],
      timestamptzs: ['2024-03-01T00:00:00.000Z'],
      jsonb: { a: [1] },
      nothing: null,
    })
  })

  test('a time read can be found again', async () => {
    const { now } = await database.one<{ now: string }>(sql`SELECT now()`)
    expect(await database.one(sql`SELECT ${now}::timestamptz AS now`)).toEqual({ now })
  })

  test('an int8 too large for a number is refused and does no harm to the connection', async () => {
    const single = openDatabase({ connection, application: 'test', max: 1 })
    const { pid } = await single.one<{ pid: number }>(ownPid)
    await expect(single.query(sql`SELECT 9007199254740993::int8`)).rejects.toThrow(
      /9007199254740993 is too large/,
    )
    expect(await single.one(ownPid)).toEqual({ pid })
    await single.close()
  })
})

test('a session is one connection outside any transaction, and leaves nothing behind', async () => {
  const single = openDatabase({ connection, application: 'test', max: 1, statementTimeout: 100 })
  const { pid } = await single.session(async (session) => {
    await session.query(sql`CREATE TABLE sessions (id int)`)
    await session.query(sql`CREATE INDEX CONCURRENTLY ON sessions (id)`)
    await session.query(sql`SET search_path = elsewhere`)
    await session.query(sql`SELECT pg_sleep(0.2)`)
    return session.one<{ pid: number }>(ownPid)
  })
  expect(await single.one(sql`SHOW search_path`)).toEqual({ search_path: '"$user", public' })
  expect(await single.one(ownPid)).not.toEqual({ pid })
  await expect(single.session((session) => session.query(sql`SELECT 1 / 0`))).rejects.toThrow(
    'division by zero',
  )
  await single.close()
})

describe('rows', () => {
  const rows = (n: number) => sql`SELECT n FROM generate_series(1, ${n}) AS n`

  test('one and maybeOne count them', async () => {
    expect(await database.one(rows(1))).toEqual({ n: 1 })
    expect(await database.maybeOne(rows(0))).toBeUndefined()
    await expect(database.one(rows(0))).rejects.toMatchObject({
      code: 'ROWS',
      message: expect.stringContaining('got none'),
    })
    await expect(database.one(rows(2))).rejects.toMatchObject({
      code: 'ROWS',
      message: expect.stringContaining('got 2'),
    })
    await expect(database.maybeOne(rows(2))).rejects.toMatchObject({ code: 'ROWS' })
  })

  test('statements are composed of parts, their values never of text', async () => {
    const words = ["Robert'); DROP TABLE students; --", 'x']
    expect(await database.one(sql`SELECT ARRAY[${join(words)}] AS words`)).toEqual({ words })
  })

  test('a named statement is prepared once', async () => {
    const single = openDatabase({ connection, application: 'test', max: 1 })
    for (const n of [1, 2, 3]) expect(await single.query(rows(n), { name: 'rows' })).toHaveLength(n)
    expect(await single.query(sql`SELECT name FROM pg_prepared_statements`)).toEqual([{ name: 'rows' }])
    await single.close()
  })
})

test('a prepared statement that a migration has outdated fails once, not for good', async () => {
  const single = openDatabase({ connection, application: 'test', max: 1 })
  const everything = () => single.query(sql`SELECT * FROM label`, { name: 'everything' })
  await single.query(sql`CREATE TABLE label (id int)`)
  expect(await everything()).toEqual([])
  await single.query(sql`ALTER TABLE label ADD COLUMN text text`)
  await expect(everything()).rejects.toThrow(/cached plan/)
  expect(await everything()).toEqual([])
  await single.close()
})

test('a unique violation is told apart by its constraint', async () => {
  await database.query(sql`CREATE TABLE shelf (id int PRIMARY KEY, code text CONSTRAINT shelf_code UNIQUE)`)
  const insert = (id: number, code: string) => database.query(sql`INSERT INTO shelf VALUES (${id}, ${code})`)
  await insert(1, 'a')
  const error = await insert(2, 'a').catch((thrown) => thrown)
  expect(isUniqueViolation(error)).toBe(true)
  expect(isUniqueViolation(error, 'shelf_code')).toBe(true)
  expect(isUniqueViolation(error, 'shelf_pkey')).toBe(false)
  expect(isUnavailable(error)).toBe(false)
})

describe('when connections fail', () => {
  test('one killed under a statement is reported as unavailable and replaced', async () => {
    const single = openDatabase({ connection, application: 'victim', max: 1 })
    const { pid } = await single.one<{ pid: number }>(ownPid)
    const hanging = single.query(sql`SELECT pg_sleep(20)`).catch((error) => error)
    const running = sql`SELECT 1 FROM pg_stat_activity WHERE pid = ${pid} AND query ~ 'pg_sleep' AND state = 'active'`
    await expect.poll(() => database.query(running)).toHaveLength(1)
    await database.query(sql`SELECT pg_terminate_backend(${pid})`)
    expect(await hanging).toSatisfy(isUnavailable)
    expect(await single.one(ownPid)).not.toEqual({ pid })
    await single.close()
  })

  test('an idle one that is killed is logged and replaced, and nothing crashes', async () => {
    const warn = vi.fn()
    const single = openDatabase({ connection, application: 'victim', max: 1, log: { warn, info: vi.fn() } })
    const { pid } = await single.one<{ pid: number }>(ownPid)
    await database.query(sql`SELECT pg_terminate_backend(${pid})`)
    await expect.poll(() => single.stats().total).toBe(0)
    expect(warn).toHaveBeenCalledWith(
      { reason: expect.stringContaining('terminating connection') },
      expect.stringContaining('idle connection'),
    )
    expect(await single.one(ownPid)).not.toEqual({ pid })
    await single.close()
  })

  test('waiting for a free one is bounded, and says what the matter is', async () => {
    const single = openDatabase({ connection, application: 'test', max: 1, connectTimeout: 100 })
    await single.transaction(async (tx) => {
      await tx.query(sql`SELECT 1`)
      const waiting = single.query(sql`SELECT 1`).catch((error) => error)
      expect(single.stats()).toEqual({ total: 1, idle: 0, waiting: 1, max: 1 })
      expect(await waiting).toSatisfy(isUnavailable)
    })
    expect(single.stats()).toMatchObject({ idle: 1, waiting: 0 })
    await single.close()
    expect(await single.query(sql`SELECT 1`).catch((error) => error)).toSatisfy(isUnavailable)
  })

  test('a server that refuses is unavailable; a wrong database is not', async () => {
    const nobody = openDatabase({ connection: { url: 'postgres://x@127.0.0.1:1/x' }, application: 'test' })
    const error = await nobody.query(sql`SELECT 1`).catch((thrown) => thrown)
    expect(error).toSatisfy(isUnavailable)
    expect(error.message).toMatch(/no connection to PostgreSQL: .*ECONNREFUSED/)
    await nobody.close()
  })
})

test('a session is known by its application', async () => {
  const named = openDatabase({ connection, application: 'colophon serve' })
  expect(await named.one(sql`SHOW application_name`)).toEqual({ application_name: 'colophon serve' })
  await named.close()
})
