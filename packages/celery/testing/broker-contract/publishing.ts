import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { bodyOf, inboxOf, messageOf, type Stage, send, waiting } from './suite.ts'

/** One of each kind of JSON, at the edges at which encodings change. */
const everyKind = {
  text: 'Grüße, 世界 🐇',
  empty: '',
  numbers: [0, 1, -1, 127, 128, 255, 256, 3_600, -200, 32_768, 70_000, 2 ** 31, -(2 ** 40), 2 ** 53 - 1],
  fractions: [0.5, -2.25, 1e-9, 1e300],
  yes: true,
  no: false,
  nothing: null,
  list: ['a', 1, null, [true, []]],
  table: { a: { b: { c: [{}] } }, timelimit: [300, null], '!': 'no type' },
}

export function publishing({ suite, broker, queue, name }: Stage): void {
  test('a message arrives as it was sent', async () => {
    const subject = await broker()
    const declared = queue()
    const message = messageOf('[[1], {}, null]', everyKind)
    message.properties.replyTo = 'd1a9e2c4-3c10-4c75-9d1c-6d6b43c4f6d1'
    await subject.publish(message, { exchange: '', routingKey: declared.name, declare: declared })
    const delivery = await (await inboxOf(subject, declared)).next()
    expect(delivery.message.headers).toEqual(message.headers)
    expect(delivery.message.properties).toMatchObject(message.properties)
    expect(delivery.message.body).toEqual(message.body)
    expect(delivery.queue).toBe(declared.name)
    expect(delivery.redelivered).toBe(false)
    expect(delivery.isLost).toBe(false)
  })

  test('bodies are bytes: none, any, and 8 MB of them', async () => {
    const subject = await broker()
    const declared = queue()
    const bodies = [
      Buffer.alloc(0),
      Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
      randomBytes(8_000_000),
    ]
    for (const body of bodies) {
      const message = messageOf(body)
      message.properties.contentType = 'application/octet-stream'
      message.properties.contentEncoding = 'binary'
      await subject.publish(
        message,
        { exchange: '', routingKey: declared.name, declare: declared },
        { timeout: 30 },
      )
    }
    const inbox = await inboxOf(subject, declared, 1)
    for (const body of bodies) {
      const delivery = await inbox.next()
      expect(delivery.message.body.equals(body)).toBe(true)
      await delivery.ack()
    }
  })

  test('what one process publishes stays in its order', async () => {
    const subject = await broker()
    const declared = queue()
    await subject.declare(declared)
    const sent = Array.from({ length: 300 }, (_, index) => String(index))
    await Promise.all(sent.map((body) => send(subject, declared, body)))
    const inbox = await inboxOf(subject, declared, 1_000)
    for (const body of sent) expect(bodyOf(await inbox.next())).toBe(body)
  })

  test('it goes through the exchange and key that the queue is bound with', async () => {
    const subject = await broker()
    const exchange = { name: name(), type: 'direct' } as const
    const [one, other] = [
      { ...queue(), exchange, routingKey: 'one' },
      { ...queue(), exchange, routingKey: 'other' },
    ]
    await subject.declare(one)
    await subject.declare(other)
    await subject.publish(messageOf('x'), { exchange: exchange.name, routingKey: 'other' })
    const delivery = await (await inboxOf(subject, other)).next()
    expect(delivery).toMatchObject({ exchange: exchange.name, routingKey: 'other', queue: other.name })
    expect(await subject.depth(one.name)).toMatchObject({ messages: 0 })
  })

  test('a queue without an exchange has one of its own name', async () => {
    const subject = await broker()
    const declared = queue()
    await subject.declare(declared)
    await subject.declare(declared)
    await subject.publish(messageOf('x'), { exchange: declared.name, routingKey: declared.name })
    expect(bodyOf(await (await inboxOf(subject, declared)).next())).toBe('x')
  })

  test.skipIf(suite.takesAnyQueue)('what no queue would get is refused', async () => {
    const subject = await broker()
    const to = { exchange: '', routingKey: name() }
    await expect(subject.publish(messageOf('x'), to)).rejects.toMatchObject({ code: 'UNROUTABLE' })
    const declared = queue()
    await subject.declare(declared)
    const wrongKey = { exchange: declared.name, routingKey: 'nowhere' }
    const refused = [subject.publish(messageOf('x'), wrongKey), subject.publish(messageOf('x'), to)]
    const taken = [send(subject, declared, 'good'), send(subject, declared, 'better')]
    const outcomes = await Promise.allSettled(refused)
    const unroutable = { status: 'rejected', reason: { code: 'UNROUTABLE' } }
    expect(outcomes).toMatchObject([unroutable, unroutable])
    await Promise.all(taken)
    await waiting(subject, declared, 2)
  })

  test.skipIf(suite.takesAnyQueue)(
    'an exchange that is not there is refused, and harms no other message',
    async () => {
      const subject = await broker()
      const declared = queue()
      await subject.declare(declared)
      const before = send(subject, declared, 'before')
      const refused = subject.publish(messageOf('x'), { exchange: name(), routingKey: 'k' })
      const after = send(subject, declared, 'after')
      await expect(refused).rejects.toMatchObject({ code: 'UNROUTABLE' })
      await Promise.all([before, after])
      const inbox = await inboxOf(subject, declared)
      const bodies = [bodyOf(await inbox.next()), bodyOf(await inbox.next())]
      expect(bodies).toEqual(['before', 'after'])
    },
  )

  test('the depth of a queue is what waits in it; purging empties it', async () => {
    const subject = await broker()
    const declared = queue()
    expect(await subject.depth(declared.name)).toBeUndefined()
    for (const body of ['a', 'b', 'c']) await send(subject, declared, body)
    await waiting(subject, declared, 3)
    const inbox = await inboxOf(subject, declared, 1)
    await inbox.next()
    await waiting(subject, declared, 2)
    expect(await subject.purge(declared.name)).toBe(2)
    expect(await subject.depth(declared.name)).toMatchObject({ messages: 0 })
    expect(await subject.purge(name())).toBe(0)
  })

  test('priorities: which end goes first is the broker’s own', async () => {
    const subject = await broker()
    const declared = queue(suite.priorities.arguments)
    for (const priority of [3, 9, 0, 6]) await send(subject, declared, String(priority), priority)
    await waiting(subject, declared, 4)
    const inbox = await inboxOf(subject, declared, 1)
    for (let count = 0; count < 4; count++) await (await inbox.next()).ack()
    const rising = ['0', '3', '6', '9']
    expect(inbox.bodies()).toEqual(suite.priorities.first === 0 ? rising : rising.reverse())
  })

  test('a transaction is not for every broker, and a header must be data', async () => {
    const subject = await broker()
    const declared = queue()
    const to = { exchange: '', routingKey: declared.name, declare: declared }
    const bad = messageOf('x', { bad: () => 1 })
    await expect(subject.publish(bad, to)).rejects.toMatchObject({ code: 'BAD_VALUE' })
    if (subject.kind === 'postgres') return
    const transaction = { query: async () => ({ rows: [] }) }
    const refused = subject.publish(messageOf('x'), to, { transaction })
    await expect(refused).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  })
}
