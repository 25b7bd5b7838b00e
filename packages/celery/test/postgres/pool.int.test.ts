import { createTestDatabase } from '@colophon/postgres/testing'
import { expect, onTestFinished, test } from 'vitest'
import { noLog } from '../../src/log.ts'
import { openPool, queryOn } from '../../src/postgres/pool.ts'
import { urlOf } from './support/places.ts'

test('statements are limited at the server by a statement, as PgBouncer refuses that of a connection that begins', async () => {
  const database = await createTestDatabase()
  onTestFinished(() => database.drop())
  const { pool, close } = await openPool(urlOf(database), { application: 'test', max: 1, log: noLog })
  onTestFinished(close)
  const text = "SELECT setting, source FROM pg_settings WHERE name = 'statement_timeout'"
  // What a connection says as it begins is of the source `client`.
  expect((await queryOn(pool, { text }, 10_000)).rows).toEqual([{ setting: '30000', source: 'session' }])
})
