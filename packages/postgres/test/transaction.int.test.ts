import { Socket } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  type Database,
  isConflict,
  isUnavailable,
  isUniqueViolation,
  openDatabase,
  sql,
  type Transaction,
} from '../src/index.ts'
import { createTestDatabase, type TestDatabase } from '../testing/index.ts'

let fixture: TestDatabase
let database: Database

beforeAll(async () => {
  fixture = await createTestDatabase()
  database = fixture.database
  await database.query(sql`CREATE TABLE copy (id int PRIMARY KEY, held boolean NOT NULL DEFAULT false)`)
})
afterAll(() => fixture.drop())
beforeEach(async () => {
  await database.query(sql`TRUNCATE copy`)
  await database.query(sql`INSERT INTO copy (id) VALUES (1), (2)`)
})

const insert = (id: number) => sql`INSERT INTO copy (id) VALUES (${id})`
const ids = async () =>
  (await database.query<{ id: number }>(sql`SELECT id FROM copy ORDER BY id`)).map(({ id }) => id)

describe('a transaction', () => {
  test('is committed when its work returns, with what the work returned', async () => {
    expect(
      await database.transaction((tx) => tx.one(sql`INSERT INTO copy (id) VALUES (3) RETURNING id`)),
    ).toEqual({ id: 3 })
    expect(await ids()).toEqual([1, 2, 3])
  })

  test('is rolled back when its work throws, with the error it threw', async () => {
    const work = database.transaction(async (tx) => {
      await tx.query(insert(3))
      throw new Error('changed my mind')
    })
    await expect(work).rejects.toThrow('changed my mind')
    expect(await ids()).toEqual([1, 2])
    expect(database.stats().idle).toBe(database.stats().total)
  })

  test('runs statements sent at once in their order', async () => {
    const counts = await database.transaction((tx) =>
      Promise.all(
        [3, 4, 5].map((id) => tx.one(sql`WITH added AS (${insert(id)}) SELECT count(*)::int AS n FROM copy`)),
      ),
    )
    expect(counts).toEqual([{ n: 2 }, { n: 3 }, { n: 4 }])
  })

  test('sends what is sent at once in one piece', async () => {
    const writes = [vi.spyOn(Socket.prototype, '_write'), vi.spyOn(Socket.prototype, '_writev')]
    const sent = await database.transaction(async (tx) => {
      await tx.query(insert(3))
      for (const write of writes) write.mockClear()
      await Promise.all([4, 5, 6, 7, 8].map((id) => tx.query(insert(id), { name: 'insert' })))
      return writes.reduce((sum, { mock }) => sum + mock.calls.length, 0)
    })
    for (const write of writes) write.mockRestore()
    expect(sent).toBe(1)
    expect(await ids()).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  })

  test('that swallowed the failure of a statement is not taken for committed', async () => {
    const work = database.transaction(async (tx) => {
      await tx.query(insert(3))
      await tx.query(insert(1)).catch(() => undefined)
    })
    const error = await work.catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'ABORTED' })
    expect(error.cause).toSatisfy(isUniqueViolation)
    expect(await ids()).toEqual([1, 2])
  })

  test('is of no use once it is over', async () => {
    const tx = await database.transaction(async (tx) => tx)
    await expect(tx.query(sql`SELECT 1`)).rejects.toThrow(/transaction is over/)
  })

  test('has the isolation and access asked for', async () => {
    const modes = sql`SELECT current_setting('transaction_isolation') AS isolation,
                             current_setting('transaction_read_only') AS "readOnly"`
    const options = { isolation: 'repeatable read', readOnly: true } as const
    expect(await database.transaction((tx) => tx.one(modes), options)).toEqual({
      isolation: 'repeatable read',
      readOnly: 'on',
    })
    expect(await database.transaction((tx) => tx.one(modes))).toEqual({
      isolation: 'read committed',
      readOnly: 'off',
    })
    await expect(database.transaction((tx) => tx.query(insert(3)), { readOnly: true })).rejects.toMatchObject(
      { code: '25006' },
    )
  })

  test('whose connection dies is unavailable, and the connection is not used again', async () => {
    const single = openDatabase({ connection: fixture.connection, application: 'victim', max: 1 })
    const work = single.transaction(async (tx) => {
      const { pid } = await tx.one<{ pid: number }>(sql`SELECT pg_backend_pid() AS pid`)
      await tx.query(insert(3))
      await database.query(sql`SELECT pg_terminate_backend(${pid})`)
      await expect
        .poll(() => database.query(sql`SELECT 1 FROM pg_stat_activity WHERE pid = ${pid}`))
        .toEqual([])
      await tx.query(sql`SELECT 1`)
    })
    expect(await work.catch((error) => error)).toSatisfy(isUnavailable)
    expect(await single.one(sql`SELECT count(*) FROM copy`)).toEqual({ count: 2 })
    await single.close()
  })
})

test('a connection lost during COMMIT leaves open whether it took effect, and says so', async () => {
  await database.query(sql`CREATE TABLE fragile (id int)`)
  await database.query(sql`CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql
    AS 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END'`)
  await database.query(sql`CREATE CONSTRAINT TRIGGER die AFTER INSERT ON fragile
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die()`)
  const work = vi.fn((tx: Transaction) => tx.query(sql`INSERT INTO fragile VALUES (1)`))
  const error = await database.transaction(work, { retry: true }).catch((thrown) => thrown)
  expect(error).toSatisfy(isUnavailable)
  expect(error.message).toMatch(/lost during COMMIT: it may or may not have taken effect/)
  expect(work).toHaveBeenCalledTimes(1)
})

/** Both see two free copies and each holds another: under serializable isolation one of them has to give in. */
async function holdBoth(retry: boolean): Promise<{ runs: number; results: PromiseSettledResult<void>[] }> {
  let runs = 0
  const bothHaveRead = barrier(2)
  const oneIsDone = Promise.withResolvers<void>()
  const holdOne = (id: number) => async (tx: Transaction) => {
    // Run again while the other has not committed yet, it would conflict once more. It reads by no snapshot before.
    if (++runs > 2) await oneIsDone.promise
    const free = await tx.query(sql`SELECT id FROM copy WHERE NOT held`)
    if (runs <= 2) await bothHaveRead()
    if (free.length === 2) await tx.query(sql`UPDATE copy SET held = true WHERE id = ${id}`)
  }
  const options = { isolation: 'serializable', retry } as const
  const hold = (id: number) => database.transaction(holdOne(id), options).finally(oneIsDone.resolve)
  const results = await Promise.allSettled([1, 2].map(hold))
  return { runs, results }
}

function barrier(parties: number): () => Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let waiting = 0
  return () => {
    if (++waiting === parties) resolve()
    return promise
  }
}

describe('a conflict', () => {
  test('is an error of the transaction that gave in', async () => {
    const { runs, results } = await holdBoth(false)
    expect(runs).toBe(2)
    expect(results.filter(({ status }) => status === 'rejected')).toEqual([
      { status: 'rejected', reason: expect.toSatisfy(isConflict) },
    ])
  })

  test('is run again when the work says it may be, and sees what the other did', async () => {
    const { runs, results } = await holdBoth(true)
    expect(runs).toBe(3)
    expect(results.every(({ status }) => status === 'fulfilled')).toBe(true)
    expect(await database.one(sql`SELECT count(*) FROM copy WHERE held`)).toEqual({ count: 1 })
  })

  test('of locks is run again too', async () => {
    const bothHaveOne = barrier(2)
    let runs = 0
    const lockBoth = (first: number, second: number) => async (tx: Transaction) => {
      runs++
      await tx.query(sql`SELECT 1 FROM copy WHERE id = ${first} FOR UPDATE`)
      if (runs <= 2) await bothHaveOne()
      await tx.query(sql`UPDATE copy SET held = true WHERE id = ${second}`)
    }
    const options = { retry: true }
    await Promise.all([
      database.transaction(lockBoth(1, 2), options),
      database.transaction(lockBoth(2, 1), options),
    ])
    expect(runs).toBe(3)
  })

  const conflict = sql`DO $$ BEGIN RAISE 'no luck' USING ERRCODE = 'serialization_failure'; END $$`

  test('that does not end is given up after a few attempts', async () => {
    const work = vi.fn((tx: Transaction) => tx.query(conflict))
    await expect(database.transaction(work, { retry: true })).rejects.toThrow('no luck')
    expect(work).toHaveBeenCalledTimes(6)
  })

  test('is recognised behind an error of the work itself', async () => {
    const work = vi.fn(async (tx: Transaction) => {
      if (work.mock.calls.length > 1) return 'done'
      await tx.query(conflict).catch(() => Promise.reject(new Error('could not hold the copy')))
      return 'never'
    })
    expect(await database.transaction(work, { retry: true })).toBe('done')
  })

  test('nothing else is run again', async () => {
    const work = vi.fn((tx: Transaction) => tx.query(insert(1)))
    await expect(database.transaction(work, { retry: true })).rejects.toSatisfy(isUniqueViolation)
    expect(work).toHaveBeenCalledTimes(1)
  })
})
