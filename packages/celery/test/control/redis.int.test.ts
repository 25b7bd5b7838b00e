import { randomUUID } from 'node:crypto'
import { describe } from 'vitest'
import { leftOut, servers } from '../../testing/servers.ts'
import { removeKeys } from '../redis/keys.ts'
import { interopSuite } from './support/interop-suite.ts'

const { redis, python } = servers
if (redis === undefined) leftOut('remote control and events on Redis', 'TEST_REDIS_URL')
if (python === undefined) leftOut('remote control and events on Redis', 'TEST_CELERY_PYTHON')

describe.skipIf(redis === undefined || python === undefined)('on Redis', () => {
  interopSuite(async () => {
    const broker = redis ?? ''
    const keyPrefix = `test-${randomUUID()}:`
    return {
      broker: `${broker}?global_keyprefix=${keyPrefix}`,
      python: { folder: python ?? '', broker, keyPrefix },
      drop: () => removeKeys(broker, keyPrefix),
    }
  })
})
