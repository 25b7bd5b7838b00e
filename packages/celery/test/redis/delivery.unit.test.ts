import { expect, test } from 'vitest'
import { type Holder, RedisDelivery } from '../../src/brokers/redis/delivery.ts'

/** A consumer whose Redis is down. */
function holderWithoutRedis() {
  const calls: string[] = []
  const isDown = () => Promise.reject(new Error('Redis is down'))
  const holder: Holder = {
    queue: 'celery',
    lease: 60_000,
    settle: () => void calls.push('settle'),
    settleFirst: async () => true,
    giveUp(delivery) {
      calls.push('giveUp')
      delivery.lose()
    },
    putBack: isDown,
    park: isDown,
    countStart: isDown,
  }
  const message = { headers: {}, properties: { contentType: '', contentEncoding: '' }, body: Buffer.alloc(0) }
  const origin = { exchange: '', routingKey: 'celery', marked: undefined, tag: 'tag-1' }
  const document = { ...origin, message, properties: {} }
  return { calls, delivery: new RedisDelivery(holder, document, 'tag-1', performance.now()) }
}

test('what could not be parked can still be acknowledged', async () => {
  const { calls, delivery } = holderWithoutRedis()
  await expect(delivery.delay(new Date())).rejects.toThrow('Redis is down')
  await delivery.ack()
  expect(calls).toEqual(['settle'])
})

test('what could not be put back is held no longer, so that it comes again', async () => {
  const { calls, delivery } = holderWithoutRedis()
  await expect(delivery.requeue()).rejects.toThrow('Redis is down')
  await delivery.ack()
  expect(calls).toEqual(['giveUp'])
  expect(delivery.isLost).toBe(true)
})
