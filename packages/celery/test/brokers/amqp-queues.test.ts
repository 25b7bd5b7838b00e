import type { Channel } from 'amqplib'
import { expect, test } from 'vitest'
import { Queues } from '../../src/brokers/amqp/queues.ts'
import { noLog } from '../../src/log.ts'

/** RabbitMQ that takes every declaration. */
function queuesOf() {
  const declared: string[] = []
  const channel = {
    assertExchange: async () => undefined,
    assertQueue: async (name: string) => void declared.push(name),
    bindQueue: async () => undefined,
  } as unknown as Channel
  return { declared, queues: new Queues({ run: (work) => work(channel) }, noLog) }
}

test('a queue is declared once a connection, though its declaration is made anew for each message', async () => {
  const { declared, queues } = queuesOf()
  await Promise.all([queues.ensure({ name: 'a' }), queues.ensure({ name: 'a' })])
  expect(queues.ensure({ name: 'a' })).toBeUndefined()
  await queues.ensure({ name: 'a', arguments: { 'x-max-priority': 5 } })
  await queues.ensure({ name: 'b' })
  expect(declared).toEqual(['a', 'a', 'b'])
  await queues.declareAgain()
  expect(declared).toEqual(['a', 'a', 'b', 'a', 'a', 'b'])
  expect(queues.ensure({ name: 'b' })).toBeUndefined()
})
