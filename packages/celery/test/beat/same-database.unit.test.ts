import { expect, it } from 'vitest'
import { createMemorySchedules } from '../../src/beat/memory-store.ts'
import { createPostgresSchedules } from '../../src/beat/postgres/store.ts'
import { isSameDatabase } from '../../src/beat/send-run.ts'
import { createMemoryBroker } from '../../src/brokers/memory/index.ts'
import { createPostgresBroker } from '../../src/brokers/postgres/index.ts'

const broker = createPostgresBroker('postgres://worker:one@db.example:5432/jobs')

it.each([
  ['postgres://beat:two@db.example/jobs', true],
  ['postgres://beat@db.example:5433/jobs', false],
  ['postgres://beat@db.example/other', false],
  ['postgres://beat@other.example/jobs', false],
])('a run is written in one transaction with its message on the same database only: %s', (url, expected) => {
  expect(isSameDatabase(createPostgresSchedules(url), broker)).toBe(expected)
})

it('and never on other brokers and stores', () => {
  expect(isSameDatabase(createMemorySchedules(), broker)).toBe(false)
  const store = createPostgresSchedules('postgres://db.example/jobs')
  expect(isSameDatabase(store, createMemoryBroker({ name: 'x' }))).toBe(false)
})
