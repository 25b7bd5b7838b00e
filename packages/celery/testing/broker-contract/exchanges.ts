import { describe, expect, test } from 'vitest'
import type { Delivery } from '../../src/brokers/port.ts'
import { bodyOf, type Inbox, inboxOf, messageOf, type Stage, until } from './suite.ts'

const types = ['direct', 'topic', 'fanout'] as const

export function exchanges({ suite, broker, queue, name }: Stage): void {
  const exchanged = (type: (typeof types)[number], routingKey?: string) => {
    const declare = { ...queue(), exchange: { name: name(), type }, ...(routingKey && { routingKey }) }
    return {
      declare,
      to: { exchange: declare.exchange.name, routingKey: routingKey ?? declare.name, declare },
    }
  }
  const bodies = ['a', 'b', 'c', 'd']

  test('an argument of a queue may be a bigint', async () => {
    const one = await broker()
    const declaration = queue()
    await one.declare({ ...declaration, arguments: { ...declaration.arguments, 'x-max-length': 2n ** 40n } })
    expect(await one.depth(declaration.name)).toMatchObject({ messages: 0 })
  })

  describe.each(types)('a queue of a %s exchange', (type) => {
    test.each([undefined, 'a.key'])('gets what is sent there, with the routing key %s', async (key) => {
      const [publisher, consumer] = [await broker(), await broker()]
      const { declare, to } = exchanged(type, key)
      const inbox = await inboxOf(consumer, declare)
      await publisher.publish(messageOf('a'), to)
      const delivery = await inbox.next()
      expect(bodyOf(delivery)).toBe('a')
      const { exchange, routingKey } = to
      expect(delivery).toMatchObject({ queue: declare.name, exchange, routingKey, redelivered: false })
      await delivery.ack()
    })

    test('is consumed no more by who gives back at once what it gets, when that is cancelled', async () => {
      const one = await broker()
      const { declare, to } = exchanged(type)
      let given = 0
      const onDelivery = (delivery: Delivery) => {
        given++
        delivery.requeue().catch(() => undefined)
      }
      const consumption = await one.consume(declare, { prefetch: 1, onDelivery })
      await one.publish(messageOf('a'), to)
      await until(() => given > 0 || undefined, 'a delivery')
      await consumption.cancel()
    })

    test.each([undefined, 'a.key'])('has two consumers, with the routing key %s', async (key) => {
      const [one, other] = [await broker(), await broker()]
      const { declare, to } = exchanged(type, key)
      const inboxes = [await inboxOf(one, declare), await inboxOf(other, declare)]
      for (const body of bodies) await one.publish(messageOf(body), to)
      if (type === 'fanout' && suite.fanoutIsHeard) {
        for (const inbox of inboxes) expect(await allOf([inbox], bodies.length)).toEqual(bodies)
      } else {
        expect(await allOf(inboxes, bodies.length)).toEqual(bodies)
      }
    })

    test('gets what was sent before anybody consumed it, or the send rejects', async () => {
      const subject = await broker()
      const { declare, to } = exchanged(type)
      const sending = subject.publish(messageOf('a'), to)
      if (type === 'fanout' && suite.fanoutIsHeard) {
        await expect(sending).rejects.toMatchObject({ code: 'UNROUTABLE' })
        return
      }
      await sending
      expect(bodyOf(await (await inboxOf(subject, declare)).next())).toBe('a')
    })
  })

  test('a fanout exchange reaches all queues that have no routing key of their own, with any', async () => {
    const subject = await broker()
    const { declare, to } = exchanged('fanout')
    const inboxes = [
      await inboxOf(subject, declare),
      await inboxOf(subject, { ...queue(), exchange: declare.exchange }),
    ]
    for (const routingKey of ['', 'x', 'x.y']) {
      await subject.publish(messageOf(routingKey), { ...to, routingKey })
      for (const inbox of inboxes) expect(bodyOf(await inbox.next())).toBe(routingKey)
    }
  })

  test('what is sent straight to a queue of a fanout exchange goes to one of its consumers', async () => {
    const [one, other] = [await broker(), await broker()]
    const { declare, to } = exchanged('fanout')
    const inboxes = [await inboxOf(one, declare), await inboxOf(other, declare)]
    for (const body of bodies)
      await one.publish(messageOf(body), { ...to, exchange: '', routingKey: declare.name })
    expect(await allOf(inboxes, bodies.length)).toEqual(bodies)
  })
}

/** What came to any of them, acknowledged; one more that comes to a queue with room would be among it. */
async function allOf(inboxes: readonly Inbox[], count: number): Promise<string[]> {
  const received = () => inboxes.flatMap((inbox) => inbox.received)
  await until(() => received().length >= count, `${count} deliveries`)
  await Promise.all(received().map((delivery) => delivery.ack()))
  return received().map(bodyOf).toSorted()
}
