import { randomUUID } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { createRedisResults } from '../../src/results/redis/index.ts'
import { leftOut, servers } from '../../testing/servers.ts'
import { startForgetful } from '../redis/forgetful.ts'
import { removeKeys } from '../redis/keys.ts'

if (servers.redis === undefined) leftOut('answers of Redis that are lost', 'TEST_REDIS_URL')

test.skipIf(servers.redis === undefined)(
  'what is counted is counted once, though the answer is lost',
  async () => {
    const url = servers.redis ?? ''
    const globalKeyPrefix = `t-${randomUUID()}:`
    const proxy = await startForgetful(url)
    const store = createRedisResults(proxy.url, { globalKeyPrefix })
    onTestFinished(async () => {
      await store.close()
      await removeKeys(url, globalKeyPrefix)
    })
    await store.open()
    const part = (n: number) => ({ taskId: `part-${n}`, index: n, state: 'SUCCESS' as const, result: n })
    const group = randomUUID()
    await store.setChordSize(group, 1)
    // The server knows the script from here on: the answer that is lost is that of the addition.
    await store.growChord('other', 1)
    proxy.loseNext()
    await store.growChord(group, 1)
    expect(await store.addChordPart(group, part(0))).toBeUndefined()
    expect(await store.addChordPart(group, part(1))).toEqual([part(0), part(1)])

    expect(await store.countStart('a')).toBe(0)
    proxy.loseNext()
    expect(await store.countStart('a')).toBe(1)
    expect(await store.countStart('a')).toBe(2)
  },
)
