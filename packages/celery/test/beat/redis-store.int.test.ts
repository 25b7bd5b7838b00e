import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRedisSchedules } from '../../src/beat/redis/store.ts'
import type { Run, ScheduleStore } from '../../src/beat/store.ts'
import { scheduleContract } from '../../testing/schedule-contract.ts'
import { leftOut, servers } from '../../testing/servers.ts'

const url = servers.redis
if (url === undefined) {
  leftOut('schedules in Redis', 'TEST_REDIS_URL')
  describe.skip('schedules in Redis', () => it('needs TEST_REDIS_URL', () => {}))
} else {
  scheduleContract('Redis', async () => {
    const key = `test-beat-${randomUUID()}`
    return { store: () => createRedisSchedules(url, { key }), drop: () => dropKey(url, key) }
  })
  claims(url)
}

async function dropKey(redis: string, key: string): Promise<void> {
  const client = new Redis(redis)
  await client.del(key)
  await client.quit()
}

function claims(redis: string): void {
  describe('a claim in Redis', () => {
    const key = `test-beat-${randomUUID()}`
    const warnings: string[] = []
    const log = {
      debug() {},
      info() {},
      error() {},
      warn: (_: object, message: string) => void warnings.push(message),
    }
    let frozen: ScheduleStore
    let other: ScheduleStore

    beforeAll(async () => {
      frozen = createRedisSchedules(redis, { key, claimTtl: 0.02, log })
      other = createRedisSchedules(redis, { key })
      await Promise.all([frozen.open(), other.open()])
    })
    afterAll(async () => {
      await Promise.all([frozen.close(), other.close()])
      await dropKey(redis, key)
    })

    it('runs out, and who held it changes nothing any more', async () => {
      await other.register([{ name: 'e', task: 't', schedule: 's', broker: 'b' }])
      const { now } = await other.read()
      const run: Run = { entry: 'e', due: new Date(now.getTime() + 1), manual: false, taskId: randomUUID() }
      await expect.poll(async () => (await other.read()).now > run.due, { interval: 1 }).toBe(true)
      const sent: string[] = []
      const first = await frozen.sendOnce(run, async () => {
        sent.push('frozen')
        const send = async () => void sent.push('other')
        await expect.poll(() => other.sendOnce(run, send), { interval: 5 }).toBe(true)
      })
      expect(first).toBe(true)
      expect(sent).toEqual(['frozen', 'other'])
      expect((await other.read()).entries).toMatchObject([{ runs: 1, lastDue: run.due }])
      expect(warnings).toEqual(['beat: sending took longer than the claim'])
    })

    it('is told apart from what cannot be reached', async () => {
      const nowhere = createRedisSchedules('redis://:secret@127.0.0.1:1/0')
      const error = await nowhere.open().catch((reason: unknown) => reason)
      expect(error).toMatchObject({ code: 'SCHEDULES_UNAVAILABLE' })
      expect(String(error)).not.toContain('secret')
      await nowhere.close()
    })
  })
}
