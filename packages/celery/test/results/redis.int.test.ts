import { randomUUID } from 'node:crypto'
import { describe, test } from 'vitest'
import { createRedisResults } from '../../src/results/redis/index.ts'
import { type ResultsPlace, resultsContract } from '../../testing/results-contract.ts'
import { leftOut, servers } from '../../testing/servers.ts'
import { startTcpProxy } from '../../testing/tcp-proxy.ts'
import { removeKeys } from '../redis/keys.ts'

const url = servers.redis

if (url === undefined) {
  leftOut('results in Redis', 'TEST_REDIS_URL')
  describe('results: redis', () => test.skip('needs TEST_REDIS_URL', () => undefined))
} else {
  resultsContract('redis', { create: () => createPlace(url) })
}

async function createPlace(url: string): Promise<ResultsPlace> {
  const globalKeyPrefix = `t-${randomUUID()}:`
  const proxy = await startTcpProxy(url, 6379)
  return {
    store: () => createRedisResults(proxy.through(url), { globalKeyPrefix, commandTimeout: 2 }),
    breakConnections: async () => proxy.cut(),
    drop: async () => {
      await proxy.close()
      await removeKeys(url, globalKeyPrefix)
    },
  }
}
