import { createTestDatabase, type TestDatabase } from '@colophon/postgres/testing'
import { afterAll, beforeAll, describe, inject } from 'vitest'
import { createPostgresBroker } from '../../src/brokers/postgres/index.ts'
import { brokerContract } from '../../testing/broker-contract.ts'
import { leftOut } from '../../testing/servers.ts'
import { startTcpProxy, type TcpProxy } from '../../testing/tcp-proxy.ts'
import { urlOf } from '../postgres/support/places.ts'

const traits = { priorities: { first: 9 }, countsStarts: true, outlivesConnection: true } as const

describe('on a connection', () => {
  let database: TestDatabase

  beforeAll(async () => {
    database = await createTestDatabase()
  })
  afterAll(() => database.drop())

  brokerContract('PostgreSQL', { ...traits, create: async () => createPostgresBroker(urlOf(database)) })
})

// The embedded server has a socket in a folder only.
const isOnNetwork = inject('testDatabaseUrl') !== ''
if (!isOnNetwork) leftOut('the PostgreSQL broker on a broken network', 'TEST_DATABASE_URL')

describe.runIf(isOnNetwork)('on a network', () => {
  let database: TestDatabase
  let proxy: TcpProxy

  beforeAll(async () => {
    database = await createTestDatabase()
    proxy = await startTcpProxy(urlOf(database), 5432)
  })
  afterAll(async () => {
    await proxy.close()
    await database.drop()
  })

  brokerContract('PostgreSQL', {
    ...traits,
    create: async () => createPostgresBroker(proxy.through(urlOf(database)), { leaseTimeout: 4 }),
    network: () => proxy,
  })
})
