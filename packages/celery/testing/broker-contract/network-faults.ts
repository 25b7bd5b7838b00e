import { randomBytes } from 'node:crypto'
import { afterEach, expect, test } from 'vitest'
import type { Broker, BrokerState } from '../../src/brokers/port.ts'
import { bodyOf, inboxOf, messageOf, type Stage, send, until, waiting } from './suite.ts'

export function networkFaults({ suite, broker, closedBroker, queue, name }: Stage): void {
  const network = () => {
    const proxy = suite.network?.()
    if (!proxy) throw new Error('this suite has no network')
    return proxy
  }

  afterEach(async () => {
    network().thaw()
    await network().accept()
  })

  const isBack = (subject: Broker) => until(() => subject.state === 'open', 'the connection')

  test('opening rejects while nobody answers, and succeeds afterwards', async () => {
    const subject = await closedBroker()
    await network().refuse()
    await expect(subject.open()).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
    expect(subject.state).toBe('closed')
    await network().accept()
    await subject.open()
    expect(subject.state).toBe('open')
  })

  test.runIf(suite.outlivesConnection)('a delivery outlives its connection', async () => {
    const subject = await broker()
    const declared = queue()
    await send(subject, declared, 'a')
    await send(subject, declared, 'b')
    const inbox = await inboxOf(subject, declared, 2)
    const [a, b] = [await inbox.next(), await inbox.next()]
    network().cut()
    await until(() => subject.state === 'reconnecting', 'the loss')
    await a.ack()
    await isBack(subject)
    expect([a.isLost, b.isLost]).toEqual([false, false])
    await b.requeue()
    const again = await inbox.next()
    expect([bodyOf(again), again.redelivered, again.isLost]).toEqual(['b', true, false])
    await again.ack()
    await waiting(subject, declared, 0)
    await subject.close()
    expect(await (await broker()).depth(declared.name)).toMatchObject({ messages: 0 })
  })

  test.skipIf(suite.outlivesConnection)(
    'a lost connection is made again, and consuming goes on',
    async () => {
      const subject = await broker()
      const declared = queue()
      const states: BrokerState[] = []
      subject.watch((state) => states.push(state))
      await send(subject, declared, 'a')
      const inbox = await inboxOf(subject, declared)
      const lost = await inbox.next()
      network().cut()
      await until(() => lost.isLost, 'the loss')
      await lost.ack()
      await lost.requeue()
      await lost.delay(new Date(Date.now() + 60_000))
      const again = await inbox.next()
      expect([bodyOf(again), again.redelivered, again.isLost]).toEqual(['a', true, false])
      await again.ack()
      await send(subject, declared, 'b')
      expect(bodyOf(await inbox.next())).toBe('b')
      await isBack(subject)
      expect(states.slice(0, 2)).toEqual(['reconnecting', 'open'])
    },
  )

  test('a watcher that throws does not keep the connection from coming back', async () => {
    const subject = await broker()
    const states: BrokerState[] = []
    subject.watch((state) => {
      states.push(state)
      throw new Error('a mistake of who watches')
    })
    network().cut()
    await until(() => states.length === 2, 'the loss, and the next connection')
    expect(states).toEqual(['reconnecting', 'open'])
  })

  test('a message waits until the connection is back', async () => {
    const subject = await broker()
    const declared = queue()
    await subject.declare(declared)
    await network().refuse()
    const sent = [send(subject, declared, 'a'), send(subject, declared, 'b')]
    await until(() => subject.state === 'reconnecting', 'the loss')
    await network().accept()
    await Promise.all(sent)
    await waiting(subject, declared, 2)
  })

  test('a message that cannot be sent in time is refused', async () => {
    const subject = await broker()
    const declared = queue()
    await subject.declare(declared)
    await network().refuse()
    const begun = Date.now()
    const to = { exchange: '', routingKey: declared.name, declare: declared }
    for (const options of [{ timeout: 1 }, { timeout: 1, notBefore: new Date(begun + 60_000) }]) {
      const refused = subject.publish(messageOf('a'), to, options)
      await expect(refused).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
    }
    expect(Date.now() - begun).toBeLessThan(4_000)
    await subject.cast(messageOf('x'), { exchange: { name: name(), type: 'fanout' }, routingKey: '' })
  })

  test('no message is lost when the connection is cut in the middle of one', async () => {
    const subject = await broker()
    const declared = queue()
    await subject.declare(declared)
    network().cutAfter(300_000)
    const bodies = Array.from({ length: 10 }, () => randomBytes(50_000).toString('hex'))
    await Promise.all(bodies.map((body) => send(subject, declared, body)))
    const inbox = await inboxOf(subject, declared, 100)
    await until(() => bodies.every((body) => inbox.bodies().includes(body)), 'all bodies')
    for (const delivery of inbox.received) await delivery.ack()
  })

  test('nor when it freezes in the middle of one', async () => {
    const subject = await broker()
    const declared = queue()
    await subject.declare(declared)
    network().freezeAfter(300_000)
    const bodies = Array.from({ length: 10 }, () => randomBytes(50_000).toString('hex'))
    const to = { exchange: '', routingKey: declared.name }
    const sent = bodies.map((body) => subject.publish(messageOf(body), to, { timeout: 40 }))
    await until(() => subject.state === 'reconnecting', 'that it is frozen')
    network().thaw()
    await Promise.all(sent)
    const inbox = await inboxOf(subject, declared, 100)
    await until(() => bodies.every((body) => inbox.bodies().includes(body)), 'all bodies')
    for (const delivery of inbox.received) await delivery.ack()
  }, 60_000)

  test('a frozen connection is noticed: messages are refused in time, and consuming goes on elsewhere', async () => {
    const subject = await broker()
    const declared = queue()
    await send(subject, declared, 'a')
    const inbox = await inboxOf(subject, declared)
    const lost = await inbox.next()
    network().freeze()
    const begun = Date.now()
    const to = { exchange: '', routingKey: declared.name }
    const refused = subject.publish(messageOf('b'), to, { timeout: 1 })
    await expect(refused).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
    expect(Date.now() - begun).toBeLessThan(4_000)
    await until(() => subject.state === 'reconnecting', 'that it is frozen')
    await until(() => lost.isLost, 'that its connection is frozen')
    network().thaw()
    await isBack(subject)
    await until(() => inbox.bodies().slice(1).includes('a'), 'the message again', 25)
  }, 60_000)

  test('listening goes on when the connection is back', async () => {
    const [subject, other] = [await broker(), await broker()]
    const exchange = { name: name(), type: 'fanout' } as const
    const heard: string[] = []
    const onMessage = ({ body }: { body: Buffer }) => heard.push(body.toString())
    await subject.listen({ exchange, routingKey: '', queue: name(), onMessage })
    network().cut()
    let count = 0
    await until(async () => {
      await other.cast(messageOf(String(count++)), { exchange, routingKey: '' })
      return heard.length > 0
    }, 'a message')
  })

  test('closing does not wait for a connection that is gone or frozen', async () => {
    const [gone, frozen] = [await broker(), await broker()]
    await inboxOf(frozen, queue())
    network().freeze()
    await frozen.close()
    network().thaw()
    await network().refuse()
    await until(() => gone.state !== 'open', 'the loss')
    await gone.close()
    expect([gone.state, frozen.state]).toEqual(['closed', 'closed'])
  })
}
