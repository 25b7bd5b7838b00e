import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createAmqpBroker } from '../../src/brokers/amqp/index.ts'
import { bodyOf, inboxOf, messageOf, send, until, waiting } from '../../testing/broker-contract/suite.ts'
import { leftOut, servers } from '../../testing/servers.ts'
import { useRabbit } from './support/rabbit.ts'

if (!servers.amqp) leftOut('declarations on RabbitMQ', 'TEST_AMQP_URL')

describe.skipIf(!servers.amqp)('RabbitMQ', () => {
  const rabbit = useRabbit()

  function name(): string {
    const made = `test-${randomUUID()}`
    rabbit.remove(made)
    return made
  }

  test('of several servers the first that answers is used', async () => {
    const broker = createAmqpBroker(`amqp://127.0.0.1:1/;${servers.amqp}`)
    await broker.open()
    expect(broker.state).toBe('open')
    expect(await broker.depth(name())).toBeUndefined()
    await broker.close()
  })

  test('a refused login says where, and not with which password', async () => {
    const { host } = new URL(servers.amqp ?? '')
    const broker = createAmqpBroker(`amqp://guest:geheim@${host}/`)
    const refused = { code: 'BROKER_UNAVAILABLE', message: expect.stringMatching(`${host}.*ACCESS.REFUSED`) }
    await expect(broker.open()).rejects.toMatchObject(refused)
    await expect(broker.open()).rejects.not.toThrow(/geheim/)
    expect(broker.state).toBe('closed')
  })

  test('a virtual host that is not there is named', async () => {
    const { host } = new URL(servers.amqp ?? '')
    const broker = createAmqpBroker(`amqp://guest:guest@${host}/nowhere`)
    const message = `RabbitMQ at ${host} has no virtual host "nowhere" for this user.`
    await expect(broker.open()).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE', message })
  })

  test('a message that has died in one queue comes from the next as it was sent', async () => {
    const subject = await rabbit.broker()
    const [first, grave] = [name(), { name: name() }]
    const deadly = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': grave.name }
    const queue = { name: first, arguments: deadly }
    const message = messageOf('a')
    await subject.publish(message, { exchange: '', routingKey: first, declare: queue })
    const buried = await inboxOf(subject, grave)
    await (await (await inboxOf(subject, queue)).next()).discard()
    const found = await buried.next()
    expect([bodyOf(found), found.message.headers]).toEqual(['a', message.headers])
    await found.ack()
  })

  test('a name that is too long for AMQP is refused at once, and holds up nothing', async () => {
    const subject = await rabbit.broker()
    const declared = { name: name() }
    const inbox = await inboxOf(subject, declared)
    // 256 bytes, and one more than fit.
    const long = 'é'.repeat(128)
    const place = { exchange: '', routingKey: declared.name }
    const fanout = { name: `test-${randomUUID()}`, type: 'fanout' as const }
    const listening = { exchange: fanout, routingKey: '', queue: 'q', onMessage() {} }
    const later = { notBefore: new Date(Date.now() + 60_000) }
    const attempts: (() => Promise<unknown>)[] = [
      () => subject.publish(messageOf('x'), { ...place, routingKey: long }),
      () => subject.publish(messageOf('x'), { ...place, routingKey: long }, later),
      () => subject.publish(messageOf('x'), { exchange: long, routingKey: 'x' }),
      () => subject.publish(messageOf('x'), { ...place, declare: { name: long } }),
      () => subject.publish({ ...messageOf('x'), headers: { [long]: 1 } }, place),
      () => subject.publish({ ...messageOf('x'), headers: { deep: [{ [long]: 1 }] } }, place),
      () => subject.publish({ ...messageOf('x'), headers: { big: 'x'.repeat(200_000) } }, place),
      () => subject.declare({ name: long }),
      () => subject.declare({ name: name(), exchange: { name: long, type: 'direct' } }),
      () => subject.declare({ name: name(), routingKey: long }),
      () => subject.declare({ name: name(), arguments: { [long]: 1 } }),
      () => subject.consume({ name: long }, { prefetch: 1, onDelivery() {} }),
      () => subject.depth(long),
      () => subject.purge(long),
      () => subject.cast(messageOf('x'), { exchange: { ...fanout, name: long }, routingKey: '' }),
      () => subject.cast(messageOf('x'), { exchange: fanout, routingKey: long }),
      () => subject.listen({ ...listening, exchange: { ...fanout, name: long } }),
      () => subject.listen({ ...listening, routingKey: long }),
      () => subject.listen({ ...listening, queue: long }),
    ]
    const begun = performance.now()
    for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject({ code: 'BAD_VALUE' })
    // What is refused in another way than by its length: the channel that could not encode it is thrown away.
    const odd = { name: name(), arguments: { 'x-expires': 1, odd: 'x'.repeat(200_000) } }
    await expect(subject.declare(odd)).rejects.toMatchObject({ code: 'BAD_VALUE' })
    await send(subject, { name: name() }, 'y')
    await send(subject, declared, 'z')
    expect(bodyOf(await inbox.next())).toBe('z')
    expect(performance.now() - begun).toBeLessThan(5_000)
  })

  test('a queue with other arguments is named, with what differs and what to do', async () => {
    const subject = await rabbit.broker()
    const queue = { name: name() }
    await rabbit.channel.assertQueue(queue.name, { arguments: { 'x-max-priority': 5 } })
    const other = { name: name() }
    const inbox = await inboxOf(subject, other)
    const refused = {
      code: 'BAD_OPTION',
      message: expect.stringMatching(new RegExp(`the queue ${queue.name} .*x-max-priority.*Declare it with`)),
    }
    await expect(subject.declare(queue)).rejects.toMatchObject(refused)
    await expect(inboxOf(subject, queue)).rejects.toMatchObject(refused)
    const publishing = subject.publish(messageOf('x'), {
      exchange: '',
      routingKey: queue.name,
      declare: queue,
    })
    await expect(publishing).rejects.toMatchObject(refused)
    await send(subject, other, 'unharmed')
    expect(bodyOf(await inbox.next())).toBe('unharmed')
    expect(subject.state).toBe('open')
  })

  test('an exchange of another type is named', async () => {
    const subject = await rabbit.broker()
    const exchange = name()
    await rabbit.channel.assertExchange(exchange, 'topic')
    const declared = subject.declare({ name: name(), exchange: { name: exchange, type: 'direct' } })
    await expect(declared).rejects.toMatchObject({
      code: 'BAD_OPTION',
      message: expect.stringContaining(exchange),
    })
    const cast = subject.cast(messageOf('x'), {
      exchange: { name: exchange, type: 'fanout' },
      routingKey: '',
    })
    await expect(cast).rejects.toMatchObject({
      code: 'BAD_OPTION',
      message: expect.stringContaining(exchange),
    })
  })

  test('a queue that is deleted under its consumer is made and consumed again', async () => {
    const subject = await rabbit.broker()
    const queue = { name: name() }
    const inbox = await inboxOf(subject, queue)
    await rabbit.channel.deleteQueue(queue.name)
    await until(async () => (await subject.depth(queue.name))?.consumers === 1, 'the consumer')
    await send(subject, queue, 'a')
    expect(bodyOf(await inbox.next())).toBe('a')
  })

  test('what is parked for a queue comes to it, though it is deleted and made again meanwhile', async () => {
    const subject = await rabbit.broker()
    const queue = { name: name() }
    const to = { exchange: '', routingKey: queue.name }
    const park = (body: string, seconds: number) =>
      subject.publish(messageOf(body), to, { notBefore: new Date(Date.now() + seconds * 1_000) })
    const inbox = await inboxOf(subject, queue)
    await park('before', 3)
    await rabbit.channel.deleteQueue(queue.name)
    await until(async () => (await subject.depth(queue.name))?.consumers === 1, 'the consumer')
    await park('after', 5)
    expect([bodyOf(await inbox.next()), bodyOf(await inbox.next())]).toEqual(['before', 'after'])
  })

  test('a full queue that refuses messages holds up the publisher until there is room', async () => {
    const subject = await rabbit.broker()
    const queue = { name: name(), arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' } }
    await send(subject, queue, 'a')
    const to = { exchange: '', routingKey: queue.name }
    const refused = subject.publish(messageOf('b'), to, { timeout: 1 })
    await expect(refused).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
    const later = subject.publish(messageOf('c'), to)
    const inbox = await inboxOf(subject, queue)
    await (await inbox.next()).ack()
    await later
    expect(bodyOf(await inbox.next())).toBe('c')
  })

  test('one message that RabbitMQ refuses harms no other', async () => {
    const subject = await rabbit.broker()
    const queue = { name: name() }
    await subject.declare(queue)
    const bad = messageOf('bad')
    bad.properties.expiration = 'never'
    const to = { exchange: '', routingKey: queue.name }
    const refused = subject.publish(bad, to)
    const good = Array.from({ length: 20 }, (_, index) => send(subject, queue, String(index)))
    await expect(refused).rejects.toMatchObject({ code: 'BAD_VALUE' })
    await Promise.all(good)
    await waiting(subject, queue, 20)
    const huge = messageOf('x', { huge: 'x'.repeat(70_000) })
    await expect(subject.publish(huge, to)).rejects.toMatchObject({ code: 'BAD_VALUE' })
    await send(subject, queue, 'still')
  })

  test('a queue that somebody deleted is declared again once the channel is a new one', async () => {
    const subject = await rabbit.broker()
    const queue = { name: name() }
    await send(subject, queue, 'a')
    await rabbit.channel.deleteQueue(queue.name)
    const to = { exchange: '', routingKey: queue.name }
    await expect(subject.publish(messageOf('b'), to)).rejects.toMatchObject({ code: 'UNROUTABLE' })
    const bad = messageOf('bad')
    bad.properties.expiration = 'never'
    await expect(subject.publish(bad, to)).rejects.toMatchObject({ code: 'BAD_VALUE' })
    await subject.publish(messageOf('c'), to)
    await waiting(subject, queue, 1)
  })

  test('acknowledgements in any order leave what is not settled', async () => {
    const subject = await rabbit.broker()
    const queue = { name: name() }
    const sent = Array.from({ length: 20 }, (_, index) => String(index))
    for (const body of sent) await send(subject, queue, body)
    const inbox = await inboxOf(subject, queue, 20)
    await until(() => inbox.received.length === 20, 'all deliveries')
    const kept = new Set(['3', '4', '11', '19'])
    for (const delivery of inbox.received.toSorted((a, b) => (hash(bodyOf(a)) < hash(bodyOf(b)) ? -1 : 1))) {
      if (!kept.has(bodyOf(delivery))) await (bodyOf(delivery) === '7' ? delivery.discard() : delivery.ack())
    }
    await subject.close()
    const again = await inboxOf(await rabbit.broker(), queue, 20)
    await until(() => again.received.length === 4, 'what was not settled')
    expect(new Set(again.bodies())).toEqual(kept)
  })

  test('a message parked with copies and an end comes back once, without what RabbitMQ noted', async () => {
    const subject = await rabbit.broker()
    const queue = { name: name(), exchange: { name: name(), type: 'topic' as const }, routingKey: 'a.b' }
    const inbox = await inboxOf(subject, queue)
    const headers = { id: 'i', CC: ['nowhere'] }
    rabbit.channel.publish(queue.exchange.name, 'a.b', Buffer.from('x'), {
      headers,
      appId: 'app',
      expiration: 60_000,
    })
    await (await inbox.next()).delay(new Date(Date.now() + 1_000))
    const back = await inbox.next()
    expect(back).toMatchObject({ exchange: queue.exchange.name, routingKey: 'a.b', redelivered: false })
    expect(back.message.headers).toEqual({ id: 'i' })
    expect(back.message.properties).not.toHaveProperty('expiration')
    await back.delay(new Date(Date.now() + 1_000), { id: 'j' })
    expect((await inbox.next()).message.headers).toEqual({ id: 'j' })
    expect(inbox.received).toHaveLength(3)
  })

  test('a queue gets nothing of what is parked for one whose name ends in its own', async () => {
    const subject = await rabbit.broker()
    const short = { name: name() }
    const long = { name: `long.${short.name}` }
    rabbit.remove(long.name)
    const [shortInbox, longInbox] = [await inboxOf(subject, short), await inboxOf(subject, long)]
    await send(subject, short, 'short')
    await send(subject, long, 'long')
    const due = new Date(Date.now() + 1_500)
    await Promise.all([(await shortInbox.next()).delay(due), (await longInbox.next()).delay(due)])
    expect([bodyOf(await shortInbox.next()), bodyOf(await longInbox.next())]).toEqual(['short', 'long'])
    await send(subject, short, 'last')
    expect(bodyOf(await shortInbox.next())).toBe('last')
    expect(longInbox.received).toHaveLength(2)
  })

  test('delay queues of the other type are refused with the option to set', async () => {
    const subject = await rabbit.broker({ delayedQueueType: 'classic' })
    const queue = { name: name() }
    await subject.declare(queue)
    await (await rabbit.broker()).publish(
      messageOf('x'),
      { exchange: '', routingKey: queue.name },
      {
        notBefore: new Date(Date.now() + 1_000),
      },
    )
    const parked = subject.publish(
      messageOf('x'),
      { exchange: '', routingKey: queue.name },
      {
        notBefore: new Date(Date.now() + 1_000),
      },
    )
    await expect(parked).rejects.toThrow(/set delayedQueueType to quorum/)
  })

  test('what cannot be parked for one queue is refused', async () => {
    const subject = await rabbit.broker()
    const exchange = name()
    await rabbit.channel.assertExchange(exchange, 'fanout')
    const options = { notBefore: new Date(Date.now() + 5_000) }
    const parked = subject.publish(messageOf('x'), { exchange, routingKey: '' }, options)
    await expect(parked).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  })

  test('what is no dead letter stays in their queue, and harms no listing', async () => {
    const deadLetterQueue = name()
    const subject = await rabbit.broker({ deadLetterQueue })
    expect(await subject.deadLetters.count()).toBe(0)
    rabbit.channel.sendToQueue(deadLetterQueue, Buffer.from('junk'))
    await until(async () => (await subject.deadLetters.count()) === 1, 'the junk')
    expect(await subject.deadLetters.list()).toEqual({ letters: [], next: undefined })
    expect(await subject.deadLetters.count()).toBe(1)
  })
})

function hash(text: string): number {
  return (Number(text) * 7_919) % 101
}
