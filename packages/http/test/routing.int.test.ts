import { describe, expect, test } from 'vitest'
import { type App, httpProblem } from '../src/index.ts'
import { createServer } from './support.ts'

describe('what no route takes', () => {
  test.each([
    ['GET', '/nope', 404],
    ['POST', '/nope', 404],
    ['PROPFIND', '/nope', 404],
    ['OPTIONS', '/nope', 404],

    ['GET', '/docs/static/nope.js', 404],
    ['GET', '/docs/static/%5c..%5c', 404],
    ['GET', '/docs/static/%2e%2e%2fpackage.json', 404],
    ['DELETE', '/api/books', 405],
    ['TRACE', '/api/books', 405],
    ['PUT', '/api/books/7', 405],
    ['POST', '/healthz', 405],
  ] as const)('%s %s is %i', async (method, url, status) => {
    const { app } = await createServer()
    const response = await app.inject({
      method: method as 'GET',
      url,
      headers: { 'content-type': 'application/json' },
    })
    expect(response.statusCode).toBe(status)
    expect(response.headers['content-type']).toBe('application/problem+json')
    expect(response.json().code).toBe(status === 404 ? 'not_found' : 'method_not_allowed')
  })

  test('a known path says what may be done with it', async () => {
    const { app } = await createServer()
    const refused = await app.inject({ method: 'DELETE', url: '/api/books?x=1' })
    const asked = await app.inject({ method: 'OPTIONS', url: '/api/books' })
    expect(refused.headers.allow).toBe('GET, HEAD, POST, OPTIONS')
    expect([asked.statusCode, asked.headers.allow]).toEqual([204, 'GET, HEAD, POST, OPTIONS'])
  })

  test('a body of nothing that is served is not read', async () => {
    const { app } = await createServer()
    const payload = '{"broken'
    const headers = { 'content-type': 'application/json' }
    expect((await app.inject({ method: 'POST', url: '/nope', payload, headers })).statusCode).toBe(404)
  })

  test('HEAD answers as GET does, without the body', async () => {
    const { app } = await createServer()
    const get = await app.inject({ url: '/api/books/7' })
    const head = await app.inject({ method: 'HEAD', url: '/api/books/7' })
    expect([head.statusCode, head.body]).toEqual([200, ''])
    expect(head.headers['content-length']).toBe(get.headers['content-length'])
    expect(head.headers.etag).toBe(get.headers.etag)
  })
})

describe('what handlers throw', () => {
  const failing = (error: () => Error) => (app: App) => {
    app.get('/api/it', { config: { access: 'public' }, schema: {} }, async () => {
      throw error()
    })
  }

  test('a problem is answered with everything it carries', async () => {
    const problem = () =>
      httpProblem('precondition_failed', 'read it again', {
        headers: { etag: '"8"' },
        extra: { version: 8 },
        errors: [{ path: '/x', code: 'y', message: 'z' }],
      })
    const { app } = await createServer({ routes: failing(problem) })
    const response = await app.inject({ url: '/api/it?', headers: { 'x-request-id': 'mine.1' } })
    expect(response.headers.etag).toBe('"8"')
    expect(response.json()).toEqual({
      type: '/problems/precondition_failed',
      title: 'It was changed by somebody else since it was read',
      status: 412,
      code: 'precondition_failed',
      detail: 'read it again',
      instance: '/api/it',
      requestId: 'mine.1',
      errors: [{ path: '/x', code: 'y', message: 'z' }],
      version: 8,
    })
  })

  test('nothing of an unknown error is told', async () => {
    const { app } = await createServer({ routes: failing(() => new TypeError('secret of the house')) })
    const response = await app.inject({ url: '/api/it' })
    expect([response.statusCode, response.json().code]).toEqual([500, 'internal_error'])
    expect(response.body).not.toContain('secret')
  })

  test('the status of a call that failed is not that of the request', async () => {
    const failed = () => Object.assign(new Error('no such user in LDAP'), { statusCode: 404 })
    const { app } = await createServer({ routes: failing(failed) })
    expect((await app.inject({ url: '/api/it' })).json().code).toBe('internal_error')
  })

  test.each([
    ['store_unavailable', { isStoreUnavailable: () => true }],
    ['timeout', { isTimeout: () => true }],
  ])('an error of the database is %s', async (code, rules) => {
    const { app } = await createServer({ routes: failing(() => new Error('ECONNREFUSED')), ...rules })
    const response = await app.inject({ url: '/api/it' })
    expect([response.statusCode, response.json().code]).toEqual([503, code])
    expect(response.headers['retry-after']).toBe('1')
  })
})

describe('/problems', () => {
  test('lists every code, and describes each at the URL that answers give as its type', async () => {
    const { app } = await createServer()
    const { items } = (await app.inject({ url: '/problems' })).json()
    expect(items.map(({ code }: { code: string }) => code)).toContain('shelf_full')
    for (const kind of items) expect((await app.inject({ url: kind.type })).json()).toEqual(kind)
    expect((await app.inject({ url: '/problems/nope' })).json().code).toBe('not_found')
  })

  test('a code that two services define stops the start', async () => {
    const table = { shelf_full: { status: 409, title: 'Full' } }
    await expect(createServer({ problemTables: [table, table] })).rejects.toThrow(
      '"shelf_full" is defined twice',
    )
  })
})
