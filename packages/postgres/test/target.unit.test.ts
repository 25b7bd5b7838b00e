import pg from 'pg'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { sessionConfig, type Target } from '../src/target.ts'

// What is in the file does not matter before a server is met.
const rootCertificates = import.meta.filename

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

  test.each([
    ['require', '', { rejectUnauthorized: false }],
    ['require', `&sslrootcert=${rootCertificates}`, { checkServerIdentity: expect.any(Function) }],
    ['verify-ca', `&sslrootcert=${rootCertificates}`, { checkServerIdentity: expect.any(Function) }],
    ['verify-full', `&sslrootcert=${rootCertificates}`, { ca: expect.any(String) }],
    ['no-verify', '', { rejectUnauthorized: false }],
    ['require', '&uselibpqcompat=false', {}],
  ])('with sslmode=%s%s is encrypted as libpq does it, unless the URL says otherwise', (mode, more, ssl) => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    onTestFinished(() => warn.mockRestore())
    const { client } = session({ url: `postgres://shop@db.example/books?sslmode=${mode}${more}` })
    expect(client.ssl).toMatchObject(ssl)
    for (const weaker of ['rejectUnauthorized', 'checkServerIdentity']) {
      if (!(weaker in ssl)) expect(client.ssl).not.toHaveProperty(weaker)
    }
    expect(warn).toHaveBeenCalledTimes(more.includes('false') ? 1 : 0)
  })

  test('with sslmode=verify-ca needs to know whose certificates are good', () => {
    const url = 'postgres://shop@db.example/books?sslmode=verify-ca'
    expect(() => session({ url })).toThrow('specifying a CA with sslrootcert')
  })

  test('is by the socket of a folder that a URL without a host names', () => {
    const { client } = session({ url: 'postgres://shop@/books?host=/run/postgresql' })
    expect(client).toMatchObject({ host: '/run/postgresql', user: 'shop', database: 'books' })
  })

  test('is encrypted as the URL says', () => {
    expect(session({ url: 'postgres://shop@db.example/books?sslmode=verify-full' }).client.ssl).toBeTruthy()
    expect(session({ url: 'postgres://shop@db.example/books?sslmode=disable' }).client.ssl).toBe(false)
    expect(session({ host: '/run/shop', port: 5432, user: 'shop', database: 'books' }).client.ssl).toBe(false)
  })
})
