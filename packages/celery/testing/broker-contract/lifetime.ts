import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { BrokerState } from '../../src/brokers/port.ts'
import { bodyOf, inboxOf, messageOf, type Stage, send, until } from './suite.ts'

export function lifetime({ broker, closedBroker, queue, name }: Stage): void {
  test('it is opened twice and closed twice without harm, and tells of its states once', async () => {
    const subject = await closedBroker()
    const states: BrokerState[] = []
    subject.watch((state) => states.push(state))
    expect(subject.state).toBe('closed')
    await Promise.all([subject.open(), subject.open()])
    await subject.open()
    expect(subject.state).toBe('open')
    await subject.close()
    await subject.close()
    expect(subject.state).toBe('closed')
    expect(states).toEqual(['open', 'closed'])
  })

  test('a watcher that has stopped hears nothing more', async () => {
    const subject = await closedBroker()
    const states: BrokerState[] = []
    const stop = subject.watch((state) => states.push(state))
    stop()
    await subject.open()
    expect(states).toEqual([])
  })

  test('it is opened again after it was closed', async () => {
    const subject = await broker()
    const declared = queue()
    await send(subject, declared, 'before')
    await subject.close()
    await subject.open()
    const inbox = await inboxOf(subject, declared)
    expect(bodyOf(await inbox.next())).toBe('before')
  })

  test('nothing is published, consumed or asked while it is closed', async () => {
    const subject = await closedBroker()
    const to = { exchange: '', routingKey: name() }
    await expect(subject.publish(messageOf('x'), to)).rejects.toMatchObject({ code: 'CLOSED' })
    await expect(subject.depth(to.routingKey)).rejects.toMatchObject({ code: 'CLOSED' })
    const options = { prefetch: 1, onDelivery() {} }
    await expect(subject.consume({ name: to.routingKey }, options)).rejects.toMatchObject({ code: 'CLOSED' })
  })

  test('what is not settled when it closes goes back, and comes marked as redelivered', async () => {
    const [first, second] = [await broker(), await broker()]
    const declared = queue()
    await send(first, declared, 'a')
    await send(first, declared, 'b')
    const inbox = await inboxOf(first, declared)
    const kept = await inbox.next()
    expect(kept.redelivered).toBe(false)
    await (await inbox.next()).ack()
    await first.close()
    expect(kept.isLost).toBe(true)
    expect(await kept.ackFirst()).toBe(false)
    await kept.ack()
    const again = await inboxOf(second, declared)
    const delivery = await again.next()
    expect(bodyOf(delivery)).toBe('a')
    expect(delivery.redelivered).toBe(true)
    await delivery.ack()
    await second.close()
    const last = await broker()
    expect(await last.depth(declared.name)).toMatchObject({ messages: 0 })
  })

  // In so many turns of the event loop an answer may have come, or not yet.
  test.each([0, 1, 2, 4, 8, 16, 32, 64, 128, 256])(
    'what begins to consume and to listen as it closes, after %i turns, ends with it',
    async (turns) => {
      const [subject, other] = [await broker(), await broker()]
      const declared = queue()
      await subject.declare(declared)
      const before = timers()
      const exchange = { name: name(), type: 'fanout' as const }
      const beginning = [
        inboxOf(subject, declared),
        subject.listen({ exchange, routingKey: '', queue: name(), onMessage() {} }),
      ]
      const outcomes = Promise.allSettled<unknown>(beginning)
      for (let turn = 0; turn < turns; turn++) await setImmediate()
      await subject.close()
      for (const outcome of await outcomes) {
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'CLOSED' })
      }
      await send(other, declared, 'a')
      const inbox = await inboxOf(other, declared)
      await (await inbox.next()).ack()
      await other.close()
      await until(() => timers() <= before, 'the end of all timers')
    },
  )

  test('it describes its connection without a password', async () => {
    const described = (await broker()).describe()
    expect(Object.keys(described).sort()).toEqual([
      'hostname',
      'port',
      'ssl',
      'transport',
      'userid',
      'virtual_host',
    ])
    expect(described.hostname).not.toBe('')
  })
}

/** Those that keep this process from its end. */
function timers(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
}
