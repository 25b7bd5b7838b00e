import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ResultStore } from '../../src/results/port.ts'
import { createRedisResults } from '../../src/results/redis/index.ts'
import { metaOf, partOf } from '../../testing/results-contract/suite.ts'
import { leftOut, servers } from '../../testing/servers.ts'
import { plainClient, removeKeys } from '../redis/keys.ts'

const { redis: url = '' } = servers
if (url === '') leftOut('what a user of Redis may not do to results', 'TEST_REDIS_URL')

describe.skipIf(url === '')('what a user of Redis may not do to results', () => {
  const globalKeyPrefix = `t-${randomUUID()}:`
  const user = `t-${randomUUID()}`
  let admin: Redis
  let store: ResultStore

  const allow = (...rules: string[]) =>
    admin.call(
      'ACL',
      'SETUSER',
      user,
      'reset',
      'on',
      '>secret',
      `~${globalKeyPrefix}*`,
      '&*',
      '+@all',
      ...rules,
    )

  beforeAll(async () => {
    admin = plainClient(url)
    await admin.connect()
    await allow()
  })
  beforeEach(async () => {
    const source = Object.assign(new URL(url), { username: user, password: 'secret' }).href
    store = createRedisResults(source, { globalKeyPrefix })
    await store.open()
  })
  afterEach(async () => {
    await store.close()
    await allow()
  })
  afterAll(async () => {
    await admin?.call('ACL', 'DELUSER', user)
    admin?.disconnect()
    if (url !== '') await removeKeys(url, globalKeyPrefix)
  })

  test.each(['ZADD', 'SADD'])(
    'a part that is refused without %s counts when it is handed in again',
    async (command) => {
      const group = randomUUID()
      const part = partOf(0)
      await store.setChordSize(group, 1)
      await allow(`-${command}`)
      await expect(store.addChordPart(group, part)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
      await allow()
      expect(await store.addChordPart(group, part)).toEqual([part])
    },
  )

  test('states that are kept but cannot be told of are each refused, and keep no other from being kept', async () => {
    const ids = [randomUUID(), randomUUID()]
    await allow('-PUBLISH')
    const kept = await Promise.allSettled(ids.map((id) => store.store(metaOf(id))))
    expect(kept.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(await store.get(ids)).toEqual(ids.map((id) => metaOf(id)))
  })
})
