import { expect, onTestFinished, test } from 'vitest'
import { noLog } from '../../src/log.ts'
import { Listener } from '../../src/postgres/listener.ts'
import type { SqlConnection } from '../../src/postgres/pool.ts'

test('who listens to a channel beside another waits until the server was told of it', async () => {
  const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const order: string[] = []
  const connection: SqlConnection = {
    async query({ text }) {
      if (!text.startsWith('LISTEN')) return { rows: [] }
      asked.resolve()
      await answer.promise
      order.push(text)
      return { rows: [] }
    },
    on() {},
    release() {},
  }
  const listener = new Listener({ connect: async () => connection }, { log: noLog })
  onTestFinished(() => listener.close())
  await listener.open()
  const both = [1, 2].map((n) => listener.listen('news', () => {}).then(() => order.push(`listener ${n}`)))
  await asked.promise
  await new Promise(setImmediate)
  answer.resolve()
  await Promise.all(both)
  expect(order).toEqual(['LISTEN "news"', 'listener 1', 'listener 2'])
})
