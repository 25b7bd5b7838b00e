import { expect, test } from 'vitest'
import type { Delivery } from '../../src/brokers/port.ts'
import { bodyOf, inboxOf, type Stage, send, until, waiting } from './suite.ts'

export function consuming({ suite, broker, queue }: Stage): void {
  test('what is acknowledged is gone', async () => {
    const subject = await broker()
    const declared = queue()
    await send(subject, declared, 'a')
    const delivery = await (await inboxOf(subject, declared)).next()
    await delivery.ack()
    await delivery.requeue()
    await subject.close()
    await subject.open()
    expect(await subject.depth(declared.name)).toMatchObject({ messages: 0 })
  })

  test('what is acknowledged first is gone once that is said', async () => {
    const subject = await broker()
    const declared = queue()
    for (const body of ['a', 'b', 'c']) await send(subject, declared, body)
    const inbox = await inboxOf(subject, declared)
    const all = [await inbox.next(), await inbox.next(), await inbox.next()]
    expect(await Promise.all(all.map((delivery) => delivery.ackFirst()))).toEqual([true, true, true])
    await all[0]?.requeue()
    await subject.close()
    expect(await (await broker()).depth(declared.name)).toMatchObject({ messages: 0 })
  })

  test('what is put back comes again, marked as redelivered', async () => {
    const subject = await broker()
    const declared = queue()
    await send(subject, declared, 'a')
    const inbox = await inboxOf(subject, declared)
    const first = await inbox.next()
    await first.requeue()
    await first.ack()
    const second = await inbox.next()
    expect([bodyOf(second), first.redelivered, second.redelivered]).toEqual(['a', false, true])
    await second.ack()
    await waiting(subject, declared, 0)
  })

  test('what is discarded is gone', async () => {
    const subject = await broker()
    const declared = queue()
    await send(subject, declared, 'a')
    const inbox = await inboxOf(subject, declared)
    await (await inbox.next()).discard()
    await send(subject, declared, 'b')
    expect(bodyOf(await inbox.next())).toBe('b')
    await subject.close()
    const other = await inboxOf(await broker(), declared)
    expect(bodyOf(await other.next())).toBe('b')
  })

  test('no more are delivered than may be unsettled', async () => {
    const subject = await broker()
    const declared = queue()
    for (let index = 0; index < 6; index++) await send(subject, declared, String(index))
    const inbox = await inboxOf(subject, declared, 2)
    const [first] = [await inbox.next(), await inbox.next()]
    await waiting(subject, declared, 4)
    expect(inbox.received).toHaveLength(2)
    await first.ack()
    await inbox.next()
    await waiting(subject, declared, 3)
    expect(inbox.received).toHaveLength(3)
  })

  test('the number that may be unsettled is raised and lowered', async () => {
    const subject = await broker()
    const declared = queue()
    for (let index = 0; index < 12; index++) await send(subject, declared, String(index))
    const inbox = await inboxOf(subject, declared, 2)
    await inbox.next()
    await inbox.next()
    await inbox.consumption.setPrefetch(5)
    await until(() => inbox.received.length === 5, 'five deliveries')
    await inbox.consumption.setPrefetch(1)
    await settleAll(inbox.received.slice(0, 4))
    await until(async () => Number((await subject.depth(declared.name))?.messages) >= 6, 'the rest waits')
    expect(inbox.received).toHaveLength(5)
    await settleAll(inbox.received.slice(4))
    await until(() => inbox.received.length === 6, 'the sixth delivery')
    for (let index = 5; index < 12; index++) await (await deliveryAt(inbox.received, index)).ack()
    await waiting(subject, declared, 0)
    expect(new Set(inbox.bodies()).size).toBe(12)
  })

  test('a prefetch that makes no sense is refused', async () => {
    const subject = await broker()
    for (const prefetch of [0, -1, 1.5, Number.NaN]) {
      const consuming = subject.consume(queue(), { prefetch, onDelivery() {} })
      await expect(consuming).rejects.toMatchObject({ code: 'BAD_OPTION' })
    }
  })

  test('what was delivered before the consumer was cancelled can still be settled', async () => {
    const subject = await broker()
    const declared = queue()
    await send(subject, declared, 'a')
    await send(subject, declared, 'b')
    const inbox = await inboxOf(subject, declared)
    const [a, b] = [await inbox.next(), await inbox.next()]
    await inbox.consumption.cancel()
    await inbox.consumption.cancel()
    await send(subject, declared, 'c')
    await a.ack()
    await b.requeue()
    await waiting(subject, declared, 2)
    expect(inbox.received).toHaveLength(2)
    await subject.close()
    const other = await inboxOf(await broker(), declared)
    const bodies = [bodyOf(await other.next()), bodyOf(await other.next())]
    expect(bodies.sort()).toEqual(['b', 'c'])
  })

  test('two consumers share the work, and none is done twice', async () => {
    const [publisher, one, two] = [await broker(), await broker(), await broker()]
    const declared = queue()
    await publisher.declare(declared)
    const bodies: string[][] = [[], []]
    for (const [index, subject] of [one, two].entries()) {
      const onDelivery = (delivery: Delivery) => {
        bodies[index]?.push(bodyOf(delivery))
        void delivery.ack()
      }
      await subject.consume(declared, { prefetch: 5, onDelivery })
    }
    const sent = Array.from({ length: 200 }, (_, index) => String(index))
    await Promise.all(sent.map((body) => send(publisher, declared, body)))
    await until(() => bodies.flat().length >= sent.length, 'all messages')
    expect(bodies.flat().toSorted()).toEqual(sent.toSorted())
    expect(Math.min(...bodies.map((those) => those.length))).toBeGreaterThan(0)
  })

  test('two queues are consumed at a time', async () => {
    const subject = await broker()
    const [left, right] = [queue(), queue()]
    const [leftInbox, rightInbox] = [await inboxOf(subject, left, 1), await inboxOf(subject, right, 1)]
    await send(subject, right, 'right')
    await send(subject, left, 'left')
    expect([bodyOf(await leftInbox.next()), bodyOf(await rightInbox.next())]).toEqual(['left', 'right'])
  })

  test('it says how often a message was begun, where it can tell', async () => {
    const declared = queue()
    await send(await broker(), declared, 'a')
    const counts: (number | undefined)[] = []
    for (let life = 0; life < 4; life++) {
      const subject = await broker()
      const delivery = await (await inboxOf(subject, declared)).next()
      if (delivery.redelivered) counts.push(await delivery.countStart())
      await subject.close()
    }
    expect(counts).toEqual(suite.countsStarts ? [1, 2, 3] : [undefined, undefined, undefined])
  })
}

async function settleAll(deliveries: Delivery[]): Promise<void> {
  for (const delivery of deliveries) await delivery.ack()
}

function deliveryAt(received: Delivery[], index: number): Promise<Delivery> {
  return until(() => received[index], `delivery ${index + 1}`)
}
