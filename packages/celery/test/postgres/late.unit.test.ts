import { expect, onTestFinished, test, vi } from 'vitest'
import { Lease } from '../../src/brokers/postgres/lease.ts'
import { Settler } from '../../src/brokers/postgres/settler.ts'
import { noLog } from '../../src/log.ts'
import { BatchWriter } from '../../src/postgres/batch-writer.ts'
import { Database } from '../../src/postgres/database.ts'
import type { SqlConnection, SqlPool, SqlStatement } from '../../src/postgres/pool.ts'

/** A database whose pool has no connection to give until `free`, and then gives it to all who wait, in their order. */
function busyDatabase(answer: (statement: SqlStatement) => unknown[]) {
  const asked: string[] = []
  const connection: SqlConnection = {
    async query(statement) {
      asked.push(statement.text)
      return { rows: answer(statement) }
    },
    on() {},
    release() {},
  }
  const { promise: isFree, resolve: free } = Promise.withResolvers<void>()
  const connect = () => isFree.then(() => connection)
  // What a pool offers besides keeps its statements for as long as it takes.
  const query = (statement: SqlStatement) => connect().then((given) => given.query(statement))
  const pool: SqlPool & { query: SqlConnection['query'] } = { connect, query }
  return { database: new Database({ pool, isOwn: false }, 'BROKER_UNAVAILABLE'), asked, free }
}

function withoutTime(): void {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
}

test('a statement that was given up while it waited for a connection is never sent', async () => {
  withoutTime()
  const { database, asked, free } = busyDatabase(() => [])
  const late = expect(database.query('late', [], 50)).rejects.toThrow('no answer within 0.05 s')
  await vi.advanceTimersByTimeAsync(50)
  await late
  const next = database.query('next', [], 50)
  free()
  await next
  expect(asked).toEqual(['next'])
})

test('what waits for a connection for longer than one attempt is written once', async () => {
  withoutTime()
  const { database, asked, free } = busyDatabase(() => [])
  const write = (items: string[], timeoutMs: number) => database.query(items.join(), [], timeoutMs)
  const writer = new BatchWriter<string>({ database, write, sizeOf: () => 1 })
  const written = writer.write('a', 60_000)
  await vi.advanceTimersByTimeAsync(15_000)
  free()
  await written
  expect(asked).toEqual(['a'])
})

test('the time that was left to write is told to the millisecond', async () => {
  withoutTime()
  const { database } = busyDatabase(() => [])
  const write = (items: string[], timeoutMs: number) => database.query(items.join(), [], timeoutMs)
  const writer = new BatchWriter<string>({ database, write, sizeOf: () => 1 })
  const late = expect(writer.write('a', 1_999.653034)).rejects.toThrow(/not written within 2 s$/)
  await vi.advanceTimersByTimeAsync(2_000)
  await late
})

test('an early acknowledgement that waited for a connection for longer than one attempt is not in vain', async () => {
  withoutTime()
  const held = new Set([1])
  // As ack_first: answers with what is not held any more.
  const { database, asked, free } = busyDatabase(() => (held.delete(1) ? [] : [[1]]))
  const settler = new Settler(database, 'celery', noLog)
  const done = settler.ackFirst({ letGo() {} }, new Lease(1, Number.POSITIVE_INFINITY), 1)
  await vi.advanceTimersByTimeAsync(15_000)
  free()
  expect(await done).toBe(true)
  expect(asked).toHaveLength(1)
})
