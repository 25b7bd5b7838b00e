import pg from 'pg'
import { expect, it } from 'vitest'
import { createMemorySchedules } from '../../src/beat/memory-store.ts'
import { createPostgresSchedules } from '../../src/beat/postgres/store.ts'
import { isSameDatabase } from '../../src/beat/send-run.ts'
import { createMemoryBroker } from '../../src/brokers/memory/index.ts'
import { createPostgresBroker } from '../../src/brokers/postgres/index.ts'
import type { SqlPool } from '../../src/postgres/pool.ts'

const broker = createPostgresBroker('postgres://worker:one@db.example:5432/jobs')

it.each([
  ['postgres://beat:two@db.example/jobs', true],
  ['postgres://beat@db.example:5433/jobs', false],
  ['postgres://beat@db.example/other', false],
  ['postgres://beat@other.example/jobs', false],
])('a run is written in one transaction with its message on the same database only: %s', (url, expected) => {
  expect(isSameDatabase(createPostgresSchedules(url), broker)).toBe(expected)
})

function poolOf(options: SqlPool['options']): SqlPool {
  const unused = () => Promise.reject(new Error('nothing is asked'))
  return { connect: unused, ...(options && { options }) }
}

it.each<[SqlPool['options'], boolean]>([
  [{ connectionString: 'postgres://beat:two@db.example/jobs' }, true],
  [{ connectionString: 'postgres://beat:two@other.example/jobs' }, false],
  [{ connectionString: 'postgres://beat:two@db.example:5433/jobs' }, false],
  [{ connectionString: 'postgres://db.example/jobs?host=/run/postgresql' }, false],
  [{ connectionString: '/run/postgresql jobs' }, false],
  [{ host: 'db.example', database: 'jobs' }, true],
  [{ host: 'db.example', database: 'jobs', port: 5433 }, false],
  // From the environment: not known here.
  [{ database: 'jobs' }, false],
  [{ host: 'db.example' }, false],
  [{}, false],
  [undefined, false],
])('the same holds for pools: %j', (options, expected) => {
  const pool = poolOf(options)
  expect(isSameDatabase(createPostgresSchedules(pool), broker)).toBe(expected)
  const store = createPostgresSchedules('postgres://beat@db.example/jobs')
  expect(isSameDatabase(store, createPostgresBroker(pool))).toBe(expected)
})

it('pools of pg are told apart', () => {
  const pools = ['db.example', 'other.example'].map(
    (host) => new pg.Pool({ connectionString: `postgres://${host}/jobs` }),
  )
  const [one, other] = pools as [pg.Pool, pg.Pool]
  expect(isSameDatabase(createPostgresSchedules(one), createPostgresBroker(one))).toBe(true)
  expect(isSameDatabase(createPostgresSchedules(one), createPostgresBroker(other))).toBe(false)
})

it('and never on other brokers and stores', () => {
  expect(isSameDatabase(createMemorySchedules(), broker)).toBe(false)
  const store = createPostgresSchedules('postgres://db.example/jobs')
  expect(isSameDatabase(store, createMemoryBroker({ name: 'x' }))).toBe(false)
})
