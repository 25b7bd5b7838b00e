import { createTestDatabase } from '@colophon/postgres/testing'
import { createPostgresResults } from '../../src/results/postgres/index.ts'
import { resultsContract } from '../../testing/results-contract.ts'
import { poolOf, terminateAll, urlOf } from '../postgres/support/places.ts'

resultsContract('PostgreSQL', {
  async create() {
    const database = await createTestDatabase()
    const admin = poolOf(database, 1)
    return {
      store: () => createPostgresResults(urlOf(database)),
      async breakConnections() {
        await terminateAll(admin)
      },
      async drop() {
        await admin.end()
        await database.drop()
      },
    }
  },
})
