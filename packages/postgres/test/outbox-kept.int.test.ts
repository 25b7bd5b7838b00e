import { afterAll, beforeAll, expect, test } from 'vitest'
import { outboxTable, raw } from '../src/index.ts'
import { createTestDatabase, type TestDatabase } from '../testing/index.ts'
import { fakeBroker, fakeLog, newOutbox, until, watchedTransactions } from './support/outbox.ts'

let fixture: TestDatabase

beforeAll(async () => {
  fixture = await createTestDatabase()
})
afterAll(() => fixture.drop())

test('that another relay is at work does not mean that the broker is back', async () => {
  const it = await newOutbox(fixture)
  const away = new Error('nobody there')
  const isUnavailable = (error: unknown) => error === away
  const broker = fakeBroker()
  broker.refuse(() => away)
  const log = fakeLog()
  const { database, outcomes } = watchedTransactions(it.database)
  const { promise: trying, reject: giveUp } = Promise.withResolvers<void>()
  let begun = 0
  const publish = () => {
    begun++
    return trying
  }
  await it.add('a', 1)
  const settled = [it.relay({ ...broker, log, isUnavailable, database }).settle()]
  await until(() => log.lines.length > 0)
  settled.push(it.relay({ publish, isUnavailable, database: it.otherPool() }).settle())
  await until(() => begun > 0)
  outcomes.length = 0
  await until(() => outcomes.length > 1)
  expect(outcomes[1]).toEqual({ outcome: 'busy' })
  expect(log.lines).toMatchObject([{ level: 'warn', reason: 'nobody there' }])
  giveUp(away)
  broker.refuse(() => undefined)
  await Promise.all(settled)
  expect(broker.payloads('a')).toEqual([1])
  expect(log.lines.map(({ message }) => message)).toEqual(['the outbox has to wait', 'the outbox goes on'])
})

test('rows that fail by a fault of their own show that the broker is back, and its next outage is told', async () => {
  const it = await newOutbox(fixture)
  const away = new Error('nobody there')
  const broker = fakeBroker()
  const log = fakeLog()
  const said = () => log.lines.map(({ message }) => message)
  broker.refuse(() => away)
  await it.add('a', 1)
  const isUnavailable = (error: unknown) => error === away
  const settled = it.relay({ ...broker, log, isUnavailable, retryMs: () => 0, maxAttempts: 1_000 }).settle()
  await until(() => said().length === 1)
  broker.refuse(() => new Error('too long'))
  await until(() => said().length >= 3)
  broker.refuse(() => away)
  await until(() => said().at(-1) === 'the outbox has to wait')
  broker.refuse(() => undefined)
  await settled
  const told = said().filter((message) => message.startsWith('the outbox'))
  const [waits, goesOn] = ['the outbox has to wait', 'the outbox goes on']
  expect(told).toEqual([waits, goesOn, waits, goesOn])
})

test('what will not pass by itself is an error with its stack, told once, and got over', async () => {
  const it = await newOutbox(fixture)
  const log = fakeLog()
  const { database, outcomes } = watchedTransactions(it.database)
  const schema = `${it.schema}_late`
  const settled = it.relay({ ...fakeBroker(), log, schema, database }).settle()
  await until(() => outcomes.length > 2)
  expect(log.lines).toEqual([
    { level: 'error', message: expect.stringContaining('tried again'), schema, err: outcomes[0] },
  ])
  expect(outcomes[0]).toMatchObject({ code: '42P01', stack: expect.stringContaining('outbox') })
  await it.database.query(raw(`create schema ${schema}`))
  await it.database.query(outboxTable(schema))
  await settled
  expect(log.lines.slice(1)).toMatchObject([{ level: 'info', message: 'the outbox goes on' }])
})
