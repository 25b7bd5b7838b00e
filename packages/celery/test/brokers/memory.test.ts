import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { createMemoryBroker } from '../../src/brokers/memory/index.ts'
import { bodyOf, inboxOf, send } from '../../testing/broker-contract/suite.ts'
import { brokerContract } from '../../testing/broker-contract.ts'

const name = randomUUID()

brokerContract('memory', {
  create: async () => createMemoryBroker({ name }),
  priorities: { first: 9 },
  countsStarts: true,
})

test('brokers without a name share nothing', async () => {
  const [one, two] = [createMemoryBroker(), createMemoryBroker()]
  await Promise.all([one.open(), two.open()])
  await send(one, { name: 'q' }, 'a')
  expect(await two.depth('q')).toBeUndefined()
})

test('what a queue discards goes to its dead-letter exchange', async () => {
  const broker = createMemoryBroker()
  await broker.open()
  await broker.declare({ name: 'buried' })
  const queue = {
    name: 'q',
    arguments: { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'buried' },
  }
  await send(broker, queue, 'a')
  await (await (await inboxOf(broker, queue)).next()).discard()
  expect(bodyOf(await (await inboxOf(broker, { name: 'buried' })).next())).toBe('a')
})

test('a queue declared with other arguments is refused by name', async () => {
  const broker = createMemoryBroker()
  await broker.open()
  await broker.declare({ name: 'q', arguments: { 'x-max-priority': 5 } })
  await expect(broker.declare({ name: 'q' })).rejects.toThrow(/queue q .*x-max-priority/)
})
