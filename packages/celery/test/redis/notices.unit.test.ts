import { EventEmitter } from 'node:events'
import type { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { noLog } from '../../src/log.ts'
import { Notices } from '../../src/redis/notices.ts'
import type { Session } from '../../src/redis/session.ts'

test('a connection for notices that cannot be made use of is ended', async () => {
  const client = Object.assign(new EventEmitter(), {
    isEnded: false,
    client: async () => 7,
    subscribe: () => Promise.reject(new Error('Command timed out')),
    disconnect() {
      client.isEnded = true
    },
  })
  const session: Session = {
    commands: client as unknown as Redis,
    subscriber: undefined,
    subscriberId: undefined,
    isTracking: false,
    isLost: false,
  }
  const notices = new Notices(() => session, { log: noLog, code: 'BROKER_UNAVAILABLE' })
  notices.connectBy(async () => client as unknown as Redis)
  const silence = notices.ring(['celery'], () => undefined)
  expect(notices.isWanted).toBe(true)
  await expect(notices.attach()).rejects.toThrow('timed out')
  expect([client.isEnded, session.subscriber]).toEqual([true, undefined])
  silence()
  expect(notices.isWanted).toBe(false)
})
