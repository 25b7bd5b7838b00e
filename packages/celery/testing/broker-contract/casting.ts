import { expect, test } from 'vitest'
import type { Broker, Listening, ListenOptions } from '../../src/brokers/port.ts'
import { messageOf, type Stage, until } from './suite.ts'

interface Ear {
  heard: string[]
  keys: string[]
  listening: Listening
}

export function casting({ broker, name }: Stage): void {
  async function ear(subject: Broker, exchange: ListenOptions['exchange'], routingKey: string): Promise<Ear> {
    const heard: string[] = []
    const keys: string[] = []
    const listening = await subject.listen({
      exchange,
      routingKey,
      queue: name(),
      onMessage(message, key) {
        heard.push(message.body.toString())
        keys.push(key)
      },
    })
    return { heard, keys, listening }
  }

  const cast = (subject: Broker, exchange: ListenOptions['exchange'], routingKey: string, body: string) =>
    subject.cast(transient(body), { exchange, routingKey })

  test('fanout reaches everyone who listens', async () => {
    const [one, two] = [await broker(), await broker()]
    const exchange = { name: name(), type: 'fanout' } as const
    const ears = [await ear(one, exchange, ''), await ear(two, exchange, '')]
    await cast(one, exchange, '', 'a')
    await cast(one, exchange, '', 'b')
    for (const { heard } of ears) await until(() => heard.length === 2, 'both messages')
    for (const { heard } of ears) expect(heard).toEqual(['a', 'b'])
  })

  test('direct reaches the one with the key', async () => {
    const [one, two] = [await broker(), await broker()]
    const exchange = { name: name(), type: 'direct' } as const
    const [left, right] = [await ear(one, exchange, 'left'), await ear(two, exchange, 'right')]
    await cast(two, exchange, 'left', 'to the left')
    await cast(two, exchange, 'right', 'to the right')
    await until(() => left.heard.length + right.heard.length === 2, 'both messages')
    expect([left.heard, right.heard]).toEqual([['to the left'], ['to the right']])
  })

  test('topic reaches those whose pattern fits', async () => {
    const [one, two] = [await broker(), await broker()]
    const exchange = { name: name(), type: 'topic' } as const
    const all = await ear(one, exchange, '#')
    const tasks = await ear(two, exchange, 'task.*')
    for (const key of ['worker.online', 'task.sent', 'task.sent.again', 'task.received']) {
      await cast(one, exchange, key, key)
    }
    await until(() => all.heard.length === 4 && tasks.heard.length === 2, 'all messages')
    expect(all.keys).toEqual(['worker.online', 'task.sent', 'task.sent.again', 'task.received'])
    expect(tasks.heard).toEqual(['task.sent', 'task.received'])
  })

  test('what is cast arrives as it was, headers and all', async () => {
    const subject = await broker()
    const exchange = { name: name(), type: 'fanout' } as const
    const messages: unknown[] = []
    const onMessage = (message: unknown) => messages.push(message)
    await subject.listen({ exchange, routingKey: '', queue: name(), onMessage })
    const message = transient('{"method": "ping"}', { clock: 70_000, expires: 0, ticket: null })
    await subject.cast(message, { exchange, routingKey: '' })
    await until(() => messages.length === 1, 'the message')
    expect(messages[0]).toMatchObject({ headers: message.headers, body: message.body })
    expect(messages[0]).toMatchObject({ properties: { contentType: 'application/json' } })
  })

  test('listening ends', async () => {
    const subject = await broker()
    const exchange = { name: name(), type: 'fanout' } as const
    const [stopped, stays] = [await ear(subject, exchange, ''), await ear(subject, exchange, '')]
    await stopped.listening.stop()
    await stopped.listening.stop()
    await cast(subject, exchange, '', 'late')
    await until(() => stays.heard.length === 1, 'the message')
    expect(stopped.heard).toEqual([])
  })

  test('a reply to someone who has gone is no error, nor is a word to nobody', async () => {
    const [one, two] = [await broker(), await broker()]
    const exchange = { name: name(), type: 'direct' } as const
    await ear(one, exchange, 'gone')
    await one.close()
    await cast(two, exchange, 'gone', 'x')
    await two.cast(transient('x'), { exchange: { name: name(), type: 'topic' }, routingKey: 'a.b', ttl: 1 })
    await two.close()
    await cast(two, exchange, 'gone', 'x')
  })
}

function transient(body: string, headers: Record<string, unknown> = {}) {
  const message = messageOf(body, headers)
  message.properties.deliveryMode = 1
  return message
}
