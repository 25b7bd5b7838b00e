import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { sessionConfig, type Target } from '../src/target.ts'

const session = (connection: Target) => {
  const options = { application: 'colophon serve', connectTimeout: 5_000, statementTimeout: 30_000 }
  const client = new pg.Client(sessionConfig(connection, options))
  return { client, startup: (client as unknown as { getStartupConf(): object }).getStartupConf() }
}

describe('a session', () => {
  test('is in UTC and has the timeouts of the pool', () => {
    expect(session({ url: 'postgres://shop@db.example/books' }).startup).toEqual({
      user: 'shop',
      database: 'books',
      application_name: 'colophon serve',
      statement_timeout: '30000',
      idle_in_transaction_session_timeout: '60000',
      options: '-c TimeZone=UTC -c DateStyle=ISO',
    })
  })

  test('keeps what the URL says, its options with ours after them', () => {
    const url = 'postgres://shop:p%2Fw@db.example/books?options=-c%20search_path%3Dshop&application_name=mine'
    const { client, startup } = session({ url })
    expect(startup).toMatchObject({
      application_name: 'mine',
      options: '-c search_path=shop -c TimeZone=UTC -c DateStyle=ISO',
    })
    expect(client).toMatchObject({ host: 'db.example', password: 'p/w' })
  })

  test('is probed when it has been silent, as some statements have no timeout', () => {
    const { client } = session({ url: 'postgres://shop@db.example/books' })
    expect(client).toMatchObject({
      connection: { _keepAlive: true, _keepAliveInitialDelayMillis: 10_000 },
    })
  })

  test('is encrypted as the URL says', () => {
    expect(session({ url: 'postgres://shop@db.example/books?sslmode=verify-full' }).client.ssl).toBeTruthy()
    expect(session({ url: 'postgres://shop@db.example/books?sslmode=disable' }).client.ssl).toBe(false)
    expect(session({ host: '/run/shop', port: 5432, user: 'shop', database: 'books' }).client.ssl).toBe(false)
  })
})
