import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll } from 'vitest'
import { createRedisBroker } from '../../src/brokers/redis/index.ts'
import { brokerContract } from '../../testing/broker-contract.ts'
import { leftOut, servers } from '../../testing/servers.ts'
import { startTcpProxy, type TcpProxy } from '../../testing/tcp-proxy.ts'
import { removeKeys } from '../redis/keys.ts'

const url = servers.redis
const globalKeyPrefix = `t-${randomUUID()}:`
let proxy: TcpProxy

if (url === undefined) leftOut('the broker Redis', 'TEST_REDIS_URL')
else {
  beforeAll(async () => {
    proxy = await startTcpProxy(url, 6379)
  })
  afterAll(async () => {
    await proxy.close()
    await removeKeys(url, globalKeyPrefix)
  })
}

brokerContract(
  'redis',
  url === undefined
    ? undefined
    : {
        create: async () =>
          createRedisBroker(proxy.through(url), { globalKeyPrefix, commandTimeout: 1.5, leaseTimeout: 1 }),
        priorities: { first: 0 },
        countsStarts: true,
        outlivesConnection: true,
        takesAnyQueue: true,
        fanoutIsHeard: true,
        network: () => proxy,
      },
)
