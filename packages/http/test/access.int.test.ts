import { describe, expect, test } from 'vitest'
import { type App, clearSessionCookie, setSessionCookie } from '../src/index.ts'
import { createServer, type Overrides, shelf } from './support.ts'

type Headers = Record<string, string>

const cookie = 'colophon_session=bobs'
const patchType = { 'content-type': 'application/merge-patch+json', 'if-match': '"7"' }

async function ask(
  method: 'GET' | 'POST' | 'PATCH',
  url: string,
  headers: Headers,
  overrides: Overrides = {},
) {
  const { app } = await createServer(overrides)
  const payload = method === 'GET' ? undefined : '{"title":"Emma","pages":1}'
  const type: Headers = method === 'POST' ? { 'content-type': 'application/json' } : {}
  return app.inject({ method, url, headers: { ...type, ...headers }, ...(payload && { payload }) })
}

describe('who may', () => {
  test('a route for roles', async () => {
    expect((await ask('POST', '/api/books', { authorization: 'Bearer staff' })).statusCode).toBe(201)
    const customer = await ask('POST', '/api/books', { authorization: 'Bearer customer' })
    expect(customer.json()).toMatchObject({
      status: 403,
      code: 'forbidden',
      detail: 'this needs the role staff or admin',
    })
    const nobody = await ask('POST', '/api/books', {})
    expect(nobody.json()).toMatchObject({ status: 401, code: 'unauthenticated' })
    expect(nobody.headers['www-authenticate']).toBe('Bearer')
  })

  test('a refusal comes before the body is looked at', async () => {
    const { app } = await createServer()
    const response = await app.inject({
      method: 'POST',
      url: '/api/books',
      payload: 'x',
      headers: { 'content-type': 'a/b' },
    })
    expect(response.statusCode).toBe(401)
  })

  test('a route for anybody who is signed in knows who it is', async () => {
    const headers = { authorization: 'bearer customer', ...patchType }
    expect((await ask('PATCH', '/api/books/7', headers)).json()).toMatchObject({ by: 'bob' })
  })

  test.each(['Bearer nonsense', 'Bearer ', 'Basic dXNlcjpwYXNz', 'Bearer a b'])(
    '%s is refused even where no token is needed',
    async (authorization) => {
      const response = await ask('GET', '/api/books', { authorization })
      expect(response.json()).toMatchObject({ status: 401, code: 'invalid_token' })
    },
  )

  test('the challenge to a header of another form has no quotes or backslashes within (RFC 6750, section 3)', async () => {
    const { headers } = await ask('GET', '/api/books', { authorization: 'Bearer a b' })
    expect(headers['www-authenticate']).toMatch(
      /^Bearer error="invalid_token", error_description="[\x20-\x21\x23-\x5b\x5d-\x7e]+"$/,
    )
  })
})

describe('a session cookie', () => {
  test('says who it is, and a bearer token wins over it', async () => {
    expect((await ask('GET', '/api/books', { cookie })).json().who).toBe('bob')
    expect((await ask('GET', '/api/books', { cookie, authorization: 'Bearer staff' })).json().who).toBe('ann')
  })

  test('that has ended is nobody', async () => {
    const ended = { cookie: 'colophon_session=gone' }
    expect((await ask('GET', '/api/books', ended)).json().who).toBeNull()
    expect((await ask('PATCH', '/api/books/7', { ...ended, ...patchType })).json().code).toBe(
      'unauthenticated',
    )
  })

  const own = { publicUrl: 'https://shop.example/' }
  test.each([
    ['no origin', {}, {}, 403],
    ['another site', { origin: 'https://evil.example' }, {}, 403],
    ['no origin at all', { origin: 'null' }, {}, 403],
    ['a site whose name begins like ours', { origin: 'https://shop.example.evil.example' }, own, 403],
    ['our own public URL', { origin: 'https://shop.example' }, own, 200],
    ['our own, without encryption', { origin: 'http://shop.example' }, own, 403],
    ['our own host', { origin: 'http://shelf.test', host: 'shelf.test' }, {}, 200],
    ['our own host, as the browser says', { 'sec-fetch-site': 'same-origin' }, {}, 200],
    ['a link from another site, as the browser says', { 'sec-fetch-site': 'cross-site' }, {}, 403],
    ['a friend', { origin: 'https://friend.example' }, { corsOrigins: ['https://friend.example'] }, 200],
  ])('changes things only from our own pages: %s', async (_, headers: Headers, overrides, status) => {
    const response = await ask('PATCH', '/api/books/7', { cookie, ...patchType, ...headers }, overrides)
    expect(response.statusCode).toBe(status)
    if (status === 403) expect(response.json().code).toBe('origin_refused')
  })

  test.each([
    ['another site', { origin: 'https://evil.example' }, 403],
    ['a sandbox', { origin: 'null' }, 403],
    ['our own page', { origin: 'http://shelf.test', host: 'shelf.test' }, 200],
    ['a script', {}, 200],
  ])(
    'is given and taken for pages of our own only, whether or not there is one: %s',
    async (_, headers, status) => {
      const { app } = await createServer({ routes: sessions })
      for (const method of ['POST', 'DELETE'] as const) {
        const response = await app.inject({ method, url: '/api/session', headers })
        expect(response.statusCode).toBe(status)
        if (status === 403) expect(response.headers).not.toHaveProperty('set-cookie')
      }
      const read = await app.inject({ url: '/api/books', headers })
      expect(read.statusCode).toBe(200)
    },
  )

  test('a bearer token works from anywhere', async () => {
    const headers = { authorization: 'Bearer customer', cookie, origin: 'https://evil.example', ...patchType }
    expect((await ask('PATCH', '/api/books/7', headers)).statusCode).toBe(200)
  })

  const sessions = (app: App) => {
    const config = { access: 'public' } as const
    app.post('/api/session', { config, schema: {} }, async (_, reply) => {
      setSessionCookie(reply, 's3cret', 3600)
      return {}
    })
    app.delete('/api/session', { config, schema: {} }, async (_, reply) => {
      clearSessionCookie(reply)
      return {}
    })
    shelf(app)
  }

  test.each([
    ['http', {}, ''],
    ['https', { publicUrl: 'https://shop.example' }, '; Secure'],
  ])('is out of reach of scripts over %s', async (_, overrides, secure) => {
    const { app } = await createServer({ routes: sessions, ...overrides })
    const begun = await app.inject({ method: 'POST', url: '/api/session' })
    expect(begun.headers['set-cookie']).toBe(
      `colophon_session=s3cret; Max-Age=3600; Path=/; HttpOnly${secure}; SameSite=Lax`,
    )
    const ended = await app.inject({ method: 'DELETE', url: '/api/session' })
    expect(ended.headers['set-cookie']).toMatch(/^colophon_session=; Max-Age=0; .*HttpOnly/)
  })
})
