import { EventEmitter } from 'node:events'
import type { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { noLog } from '../../src/log.ts'
import { Connection } from '../../src/redis/connection.ts'
import { Notices } from '../../src/redis/notices.ts'

test('a connection for notices that cannot be made use of is ended', async () => {
  const client = Object.assign(new EventEmitter(), {
    isEnded: false,
    client: async () => 7,
    subscribe: () => Promise.reject(new Error('Command timed out')),
    disconnect() {
      client.isEnded = true
    },
  })
  const redis = client as unknown as Redis
  const connection = new Connection(redis, async () => redis, 60_000)
  onTestFinished(() => connection.end(undefined))
  const notices = new Notices(() => connection, { log: noLog, code: 'BROKER_UNAVAILABLE' })
  const silence = notices.ring(['celery'], () => undefined)
  expect(notices.isWanted).toBe(true)
  await expect(notices.attach()).rejects.toThrow('timed out')
  expect([client.isEnded, connection.subscriber]).toEqual([true, undefined])
  silence()
  expect(notices.isWanted).toBe(false)
})
