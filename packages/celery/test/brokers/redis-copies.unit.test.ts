import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import type { Delivery } from '../../src/brokers/port.ts'
import { CopyConsumer } from '../../src/brokers/redis/copy-consumer.ts'
import { decodeDocument, encodeDocument } from '../../src/brokers/redis/document.ts'
import { bodyOf, messageOf, until } from '../../testing/broker-contract/suite.ts'

const documentOf = (body: string, tag: string = randomUUID()) =>
  decodeDocument(encodeDocument(messageOf(body), { exchange: 'x', routingKey: 'k', tag }))

describe('copies of what a fanout exchange tells', () => {
  const consumers: CopyConsumer[] = []
  afterEach(() => {
    for (const consumer of consumers.splice(0)) consumer.close()
  })

  function start(prefetch = 10) {
    const received: Delivery[] = []
    const ends: number[] = []
    const dropped: true[] = []
    const consumer = new CopyConsumer(
      'q',
      { prefetch, onDelivery: (delivery) => received.push(delivery) },
      { onEnd: (gone) => ends.push(gone), onDropped: () => dropped.push(true) },
    )
    consumers.push(consumer)
    let asked = 0
    const next = () => {
      const at = asked++
      return until(() => received[at], `delivery ${at + 1}`)
    }
    return { consumer, received, ends, dropped, next }
  }

  test('come in their order, as many at a time as there is room for', async () => {
    const { consumer, received, next } = start(2)
    for (const body of ['a', 'b', 'c', 'd']) consumer.hear(documentOf(body))
    const first = await next()
    expect([bodyOf(first), bodyOf(await next()), consumer.waiting]).toEqual(['a', 'b', 2])
    await first.ack()
    expect(bodyOf(await next())).toBe('c')
    await consumer.setPrefetch(3)
    expect(bodyOf(await next())).toBe('d')
    expect(received).toHaveLength(4)
    await expect(consumer.setPrefetch(0)).rejects.toMatchObject({ code: 'BAD_OPTION' })
  })

  test('are dropped when ten thousand wait, and that is told', () => {
    const { consumer, dropped } = start()
    for (let i = 0; i < 10_002; i++) consumer.hear(documentOf('a'))
    expect([consumer.waiting, dropped.length]).toEqual([10_000, 2])
  })

  test('count towards these while they wait for their time, and are gone with the rest', async () => {
    const { consumer, dropped, ends, next } = start()
    consumer.hear(documentOf('a'))
    await (await next()).delay(new Date(Date.now() + 60_000))
    for (let i = 0; i < 10_000; i++) consumer.hear(documentOf('b'))
    expect([consumer.waiting, dropped.length]).toEqual([9_999, 1])
    await consumer.cancel()
    consumer.close()
    expect(ends).toEqual([10_000])
  })

  test('that are given back at once hold up nothing else', async () => {
    const deliveries: Delivery[] = []
    const onDelivery = (delivery: Delivery) => {
      deliveries.push(delivery)
      void delivery.requeue()
    }
    const consumer = new CopyConsumer('q', { prefetch: 10, onDelivery }, { onEnd() {}, onDropped() {} })
    consumers.push(consumer)
    for (const body of ['a', 'b']) consumer.hear(documentOf(body))
    await new Promise((resolve) => setImmediate(resolve))
    expect(deliveries).toHaveLength(2)
  })

  test('that are told twice are one', async () => {
    const { consumer, received, next } = start()
    for (const body of ['a', 'again', 'b']) consumer.hear(documentOf(body, body === 'b' ? 'two' : 'one'))
    await next()
    expect(bodyOf(await next())).toBe('b')
    expect(received).toHaveLength(2)
  })

  test('are counted when they come again', async () => {
    const { consumer, next } = start(1)
    for (const body of ['a', 'b']) consumer.hear(documentOf(body))
    const first = await next()
    expect(first.redelivered).toBe(false)
    await first.requeue()
    const second = await next()
    expect([bodyOf(second), second.redelivered, await second.countStart()]).toEqual(['a', true, 1])
    await second.requeue()
    const third = await next()
    expect([bodyOf(third), await third.countStart(), await third.countStart()]).toEqual(['a', 1, 1])
    expect([await third.ackFirst(), await third.ackFirst()]).toEqual([true, false])
    expect(bodyOf(await next())).toBe('b')
  })

  test('that are delayed come back to whoever had them, with other headers', async () => {
    const { consumer, next } = start()
    consumer.hear(documentOf('a'))
    const until = new Date(Date.now() + 50)
    await (await next()).delay(until, { task: 't', id: 'other' })
    const delivery = await next()
    expect(Date.now()).toBeGreaterThanOrEqual(until.getTime())
    expect(delivery.message.headers).toEqual({ task: 't', id: 'other' })
    expect([bodyOf(delivery), delivery.redelivered]).toEqual(['a', false])
  })

  test('end with who has them', async () => {
    const { consumer, received, ends, next } = start(1)
    for (const body of ['a', 'b']) consumer.hear(documentOf(body))
    const held = await next()
    await consumer.cancel()
    consumer.hear(documentOf('c'))
    expect(ends).toEqual([])
    await held.ack()
    expect([ends, consumer.waiting, received.length]).toEqual([[1], 0, 1])
    const other = start()
    other.consumer.hear(documentOf('a'))
    const lost = await other.next()
    other.consumer.close()
    expect([lost.isLost, await lost.ackFirst(), other.ends.length]).toEqual([true, false, 1])
  })

  test('that wait are purged', () => {
    const { consumer } = start()
    for (const body of ['a', 'b']) consumer.hear(documentOf(body))
    expect([consumer.purge(), consumer.waiting]).toEqual([2, 0])
  })
})
