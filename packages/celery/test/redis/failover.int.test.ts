import { expect, onTestFinished, test } from 'vitest'
import { createRedisBroker } from '../../src/brokers/redis/index.ts'
import type { TaskMeta } from '../../src/results/port.ts'
import { createRedisResults } from '../../src/results/redis/index.ts'
import { inboxOf, send, until } from '../../testing/broker-contract/suite.ts'
import { leftOut } from '../../testing/servers.ts'
import { startMoving } from './moving.ts'
import { hasRedisServer } from './own-server.ts'

if (!hasRedisServer) leftOut('a failover of Redis', 'redis-server on the PATH')

const numbers = (from: number, count: number) => Array.from({ length: count }, (_, n) => String(from + n))

test.skipIf(!hasRedisServer)('results are stored by the new master, though the old one stays', async () => {
  const redis = await startMoving()
  const store = createRedisResults(redis.url)
  onTestFinished(() => store.close())
  await store.open()
  const success = (id: string): TaskMeta => ({
    task_id: id,
    status: 'SUCCESS',
    result: id,
    traceback: null,
    children: [],
    date_done: null,
  })
  await store.store(success('before'))
  const before = redis.connections
  await redis.failOver()
  const ids = numbers(0, 20)
  await Promise.all(ids.map((id) => store.store(success(id))))
  expect(await store.get(['before', ...ids])).toMatchObject(['before', ...ids].map(success))
  expect(redis.connections).toBe(before + 1)
})

test.skipIf(!hasRedisServer)(
  'messages go over to the new master, each once, though the old one stays',
  async () => {
    const redis = await startMoving()
    const broker = createRedisBroker(redis.url)
    onTestFinished(() => broker.close())
    await broker.open()
    const queue = { name: 'q' }
    const inbox = await inboxOf(broker, queue, 5)
    await Promise.all(numbers(0, 20).map((body) => send(broker, queue, body)))
    await until(() => inbox.received.length === 5, 'the first messages')
    await redis.failOver()
    const sending = numbers(20, 20).map((body) => send(broker, queue, body))
    for (let n = 0; n < 40; n++) {
      await until(() => inbox.received.length > n, `message ${n + 1}`)
      expect(await inbox.received[n]?.ackFirst()).toBe(true)
    }
    await Promise.all(sending)
    expect(inbox.bodies()).toEqual(numbers(0, 40))
    expect(await broker.depth(queue.name)).toMatchObject({ messages: 0 })
  },
)
