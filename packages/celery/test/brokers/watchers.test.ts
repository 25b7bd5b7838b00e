import { expect, test } from 'vitest'
import { createMemoryBroker } from '../../src/brokers/memory/index.ts'
import type { BrokerState } from '../../src/brokers/port.ts'
import { Watchers } from '../../src/brokers/watchers.ts'
import { noLog } from '../../src/log.ts'

const failure = new Error('a mistake of who watches')
const fail = () => {
  throw failure
}

test('a watcher that throws is logged, and the others are told nonetheless', () => {
  const logged: object[] = []
  const heard: [BrokerState, Error | undefined][] = []
  const watchers = new Watchers({ ...noLog, error: (fields) => logged.push(fields) })
  watchers.add(fail)
  watchers.add((state, error) => heard.push([state, error]))
  const cause = new Error('lost')
  watchers.tell('reconnecting', cause)
  expect(heard).toEqual([['reconnecting', cause]])
  expect(logged).toEqual([{ state: 'reconnecting', err: failure }])
})

test('one that another has ended meanwhile is told for the last time', () => {
  const heard: BrokerState[] = []
  const watchers = new Watchers(noLog)
  watchers.add(() => stop())
  const stop = watchers.add((state) => heard.push(state))
  watchers.tell('open')
  watchers.tell('closed')
  expect(heard).toEqual(['open'])
})

test('a broker opens and closes, whatever becomes of those who watch it', async () => {
  const broker = createMemoryBroker()
  broker.watch(fail)
  await broker.open()
  expect(broker.state).toBe('open')
  await broker.close()
  expect(broker.state).toBe('closed')
})
