import { createTestDatabase, type TestDatabase } from '@colophon/postgres/testing'
import { afterAll, beforeAll } from 'vitest'
import { createPostgresBroker } from '../../src/brokers/postgres/index.ts'
import { brokerContract } from '../../testing/broker-contract.ts'
import { urlOf } from '../postgres/support/places.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

brokerContract('PostgreSQL', {
  create: async () => createPostgresBroker(urlOf(database)),
  priorities: { first: 9 },
  countsStarts: true,
})
