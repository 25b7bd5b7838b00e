import { createTestDatabase, type TestDatabase } from '@colophon/postgres/testing'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SqlClient } from '../../src/brokers/port.ts'
import { chain, chord, group } from '../../src/canvas/build.ts'
import { type Celery, createCelery } from '../../src/create-celery.ts'
import { urlOf } from '../postgres/support/places.ts'

describe('on PostgreSQL, what is sent within a transaction', () => {
  let database: TestDatabase
  let app: Celery
  let client: pg.Client

  beforeAll(async () => {
    database = await createTestDatabase()
    const url = urlOf(database)
    app = createCelery({ broker: url, results: url })
    await app.broker()
    client = new pg.Client({ connectionString: url })
    await client.connect()
  })
  afterAll(async () => {
    await client?.end()
    await app?.close()
    await database?.drop()
  })

  const depth = async () => (await (await app.broker()).depth('celery'))?.messages ?? 0

  it('is there when that commits, and only then: a task or what of a canvas starts at once', async () => {
    const add = app.remote<number[], number>({ name: 'add' })
    const one = add.signature([1])
    // A connection takes one query after the other: pg will refuse another soon.
    let running = 0
    const transaction: SqlClient = {
      query: async (text, values) => {
        running += 1
        expect(running).toBe(1)
        return await client.query(text, values).finally(() => {
          running -= 1
        })
      },
    }
    const sends = [
      async () => await add.send([1], { transaction }),
      async () => await app.send('add', { args: [1] }, { transaction }),
      async () => await chain(one, one).send([], { transaction }),
      async () => await group(one, one).send([], { transaction }),
      async () => await chord([one, one, one], one).send([], { transaction }),
    ]
    for (const [end, expected] of [
      ['ROLLBACK', 0],
      ['COMMIT', 1 + 1 + 1 + 2 + 3],
    ] as const) {
      await client.query('BEGIN')
      for (const send of sends) await send()
      expect(await depth()).toBe(0)
      await client.query(end)
      expect(await depth()).toBe(expected)
    }
    expect(await app.purge('celery')).toBe(8)
  })
})

it('elsewhere a transaction is refused', async () => {
  const app = createCelery({ broker: 'memory:' })
  const transaction = { query: async () => ({ rows: [] }) }
  await expect(app.send('add', {}, { transaction })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  expect(() => app.signature('add').set({ transaction })).toThrow(/transaction/)
  await app.close()
})
