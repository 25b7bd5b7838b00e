import Type from 'typebox'
import { describe, expect, test } from 'vitest'
import { type App, defaultLimits, type FieldProblem } from '../src/index.ts'
import { createServer } from './support.ts'

const staff = { authorization: 'Bearer staff' }

async function post(payload: unknown, contentType = 'application/json') {
  const { app } = await createServer()
  const text = typeof payload === 'string' || payload instanceof Buffer ? payload : JSON.stringify(payload)
  return app.inject({
    method: 'POST',
    url: '/api/books',
    headers: { ...staff, 'content-type': contentType },
    payload: text,
  })
}

async function get(url: string) {
  const { app } = await createServer()
  return app.inject({ url })
}

function errorsOf(response: { json(): { errors?: FieldProblem[] } }): string[] {
  return (response.json().errors ?? []).map(({ path, code }) => `${path} ${code}`)
}

describe('bodies', () => {
  test('what fits the schema passes as it is', async () => {
    const book = { title: 'Emma', pages: 474, isbn: null, publisher: { name: 'John Murray' } }
    const response = await post(book)
    expect([response.statusCode, response.json()]).toEqual([201, book])
  })

  test('nothing is coerced, and everything that is wrong is listed with what was expected', async () => {
    const response = await post({ title: '', pages: '474', isbn: '12', titel: 'x', publisher: { nam: 'x' } })
    expect(response.statusCode).toBe(400)
    expect(response.json()).toMatchObject({ code: 'validation_failed', instance: '/api/books' })
    const errors: FieldProblem[] = response.json().errors
    const byPath = Object.fromEntries(errors.map(({ path, code, message }) => [path, `${code}: ${message}`]))
    expect(byPath).toEqual({
      '/title': 'required: must have at least 1 character',
      '/pages': 'wrong_type: must be a whole number from 1 to 5000',
      '/isbn': 'wrong_format: must be text such as "9780141439587" or null',
      '/titel': 'unknown_field: is not known here: did you mean title?',
      '/publisher/name': 'required: is required: text',
      '/publisher/nam': 'unknown_field: is not known here: did you mean name?',
    })
  })

  test('at most twenty wrong fields of ten thousand are listed', async () => {
    const fields = Object.fromEntries(Array.from({ length: 9_000 }, (_, index) => [`f${index}`, index]))
    const response = await post(fields)
    expect(response.statusCode).toBe(400)
    expect(response.json().errors).toHaveLength(20)
  })

  test('a name that nobody knows is not repeated at length', async () => {
    const response = await post({ ['x'.repeat(100_000)]: 1 })
    expect(response.statusCode).toBe(400)
    expect(response.body.length).toBeLessThan(2_000)
  })

  test.each([
    ['a string with U+0000', '{"title":"a\\u0000","pages":1}', ['/title nul_character']],
    ['half a surrogate pair', '{"title":"\\ud800","pages":1}', ['/title lone_surrogate']],
    [
      'a name with U+0000',
      '{"title":"a","pages":1,"b\\u0000":1}',
      ['/b\0 nul_character', '/b\0 unknown_field'],
    ],
    ['a prototype', '{"title":"a","pages":1,"__proto__":{"admin":true}}', ['/__proto__ unknown_field']],
    ['deep within', '{"title":"a","pages":1,"tags":["b","\\u0000"]}', ['/tags/1 nul_character']],
  ])('%s is refused where it is', async (_, text, errors) => {
    const response = await post(text)
    expect([response.statusCode, errorsOf(response)]).toEqual([400, errors])
  })

  test.each([
    ['not JSON', '{"title":', 'malformed_json', 400],
    ['a word', 'NaN', 'malformed_json', 400],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22]), 'body_not_utf8', 400],
    ['deep', '['.repeat(100_000), 'malformed_json', 400],
    ['deep and whole', '['.repeat(33) + ']'.repeat(33), 'body_too_complex', 400],
    ['wide', JSON.stringify(Array.from({ length: 10_001 }, () => 0)), 'body_too_complex', 400],
    ['too long', `"${'x'.repeat(defaultLimits.bodyBytes)}"`, 'body_too_large', 413],
    ['nothing', '', 'body_required', 400],
  ])('%s', async (_, payload, code, status) => {
    const response = await post(payload)
    expect([response.statusCode, response.json().code]).toEqual([status, code])
  })

  test('no body where one is needed', async () => {
    const { app } = await createServer()
    const response = await app.inject({ method: 'POST', url: '/api/books', headers: staff })
    expect([response.statusCode, response.json().code]).toEqual([400, 'body_required'])
  })

  test.each([
    'text/plain',
    'application/xml',
    'application/json; charset=latin1',
    'application/merge-patch+json',
    'nonsense',
  ])('%s is not read', async (type) => {
    const response = await post('{}', type)
    expect([response.statusCode, response.json().code]).toEqual([415, 'unsupported_media_type'])
    expect(response.json().detail).toContain('send application/json')
  })

  test('a compressed body is not read', async () => {
    const { app } = await createServer()
    const headers = { ...staff, 'content-type': 'application/json', 'content-encoding': 'gzip' }
    const response = await app.inject({ method: 'POST', url: '/api/books', headers, payload: '{}' })
    expect(response.statusCode).toBe(415)
  })

  test('JSON may name its charset', async () => {
    const response = await post({ title: 'Emma', pages: 1 }, 'Application/JSON; Charset="UTF-8"')
    expect(response.statusCode).toBe(201)
  })

  test('a route that names no body takes none', async () => {
    const routes = (app: App) => {
      app.post('/api/cancel', { config: { access: 'public' }, schema: {} }, async () => ({ done: true }))
    }
    const { app } = await createServer({ routes })
    const send = (payload?: object) =>
      app.inject({ method: 'POST', url: '/api/cancel', ...(payload && { payload }) })
    expect((await send()).statusCode).toBe(200)
    expect((await send({})).statusCode).toBe(200)
    expect(errorsOf(await send({ reason: 'late' }))).toEqual(['/reason unknown_field'])
  })

  test('an absent member of a merge patch gets no default', async () => {
    const body = Type.Object(
      { pages: Type.Optional(Type.Integer({ default: 1 })) },
      { additionalProperties: false },
    )
    const routes = (app: App) => {
      const config = { access: 'public' } as const
      const consumes = ['application/merge-patch+json']
      app.patch('/api/it', { config, schema: { consumes, body } }, async (request) => request.body)
      app.post('/api/it', { config, schema: { body } }, async (request) => request.body)
    }
    const { app } = await createServer({ routes })
    const headers = { 'content-type': 'application/merge-patch+json' }
    expect((await app.inject({ method: 'PATCH', url: '/api/it', headers, payload: '{}' })).json()).toEqual({})
    expect((await app.inject({ method: 'POST', url: '/api/it', payload: {} })).json()).toEqual({ pages: 1 })
  })
})

describe('queries and paths', () => {
  test('get the types of their schema, and its defaults', async () => {
    const response = await get('/api/books?inStock=true&year=1815&subject=a&subject=b&q=5')
    expect(response.json().query).toEqual({
      inStock: true,
      year: 1815,
      subject: ['a', 'b'],
      q: '5',
      limit: 20,
    })
  })

  test('a list may have one item', async () => {
    expect((await get('/api/books?subject=a')).json().query.subject).toEqual(['a'])
  })

  test.each([
    ['?limit=0', ['limit too_small']],
    ['?limit=101', ['limit too_large']],
    ['?limit=5x', ['limit wrong_type']],
    ['?limit=', ['limit wrong_type']],
    ['?limit=0x10', ['limit wrong_type']],
    ['?limit=1.5', ['limit wrong_type']],
    ['?inStock=1', ['inStock wrong_type']],
    ['?limit=1&limit=2', ['limit repeated']],
    ['?limits=1', ['limits unknown_field']],
    ['?q=%00', ['q nul_character']],
    ['?subject=a&subject=%00', ['subject nul_character']],
    ['?__proto__=1', ['__proto__ unknown_field']],
    ['?limit=x&year=x&nope=1', ['nope unknown_field', 'limit wrong_type', 'year wrong_type']],
  ])('%s', async (query, errors) => {
    const response = await get(`/api/books${query}`)
    expect([response.statusCode, errorsOf(response)]).toEqual([400, errors])
  })

  test('a path and a query that are both wrong are reported together', async () => {
    expect(errorsOf(await get('/api/books/x?y=1'))).toEqual(['id wrong_type', 'y unknown_field'])
  })

  test.each(['/api/books/%zz', '/api/books/%ff', '/%', '/api/books?q=%zz', '/api/books?q=%ED%A0%80'])(
    '%s is not a URL',
    async (url) => {
      const response = await get(url)
      expect([response.statusCode, response.json().code]).toEqual([400, 'malformed_url'])
      expect(response.headers['x-request-id']).toBeTypeOf('string')
    },
  )
})

describe('formats', () => {
  const params = Type.Object({
    uuid: Type.String({ format: 'uuid' }),
    day: Type.String({ format: 'date' }),
    at: Type.String({ format: 'date-time' }),
  })
  const good = {
    uuid: '0198c1f0-7a55-7c3e-9b5e-3f2a6d1c8e40',
    day: '2024-02-29',
    at: '2026-01-31T23:59:59.5+01:00',
  }

  test.each([
    [{}, []],
    [{ uuid: 'urn:uuid:0198c1f0-7a55-7c3e-9b5e-3f2a6d1c8e40' }, ['uuid wrong_format']],
    [{ day: '2023-02-29' }, ['day wrong_format']],
    [{ day: '0000-01-01' }, ['day wrong_format']],
    [{ at: '2026-01-31T23:59:60Z' }, ['at wrong_format']],
    [{ at: '2026-01-31 12:00:00Z' }, ['at wrong_format']],
    [{ at: '2026-13-31T12:00:00Z' }, ['at wrong_format']],
  ])('hold what the stores hold: %o', async (changes, errors) => {
    const routes = (app: App) => {
      app.get('/api/:uuid/:day/:at', { config: { access: 'public' }, schema: { params } }, async () => ({}))
    }
    const { app } = await createServer({ routes })
    const { uuid, day, at } = { ...good, ...changes }
    expect(errorsOf(await app.inject({ url: `/api/${uuid}/${day}/${encodeURIComponent(at)}` }))).toEqual(
      errors,
    )
  })
})

describe('a declaration that cannot be used stops the start', () => {
  test.each([
    ['no access', { schema: {} }, /GET \/api\/it does not say who may use it/],
    [
      'a problem of no table',
      { config: { access: 'public', problems: ['oops'] }, schema: {} },
      /names the problem "oops"/,
    ],
    ['no schema', { config: { access: 'public' } }, /GET \/api\/it has no schema/],
    [
      'a query that is not an object',
      { config: { access: 'public' }, schema: { querystring: Type.Intersect([Type.Object({})]) } },
      /the schema of GET \/api\/it cannot be used: the querystring schema must be a Type.Object/,
    ],
  ] as const)('%s', async (_, options, message) => {
    const routes = (app: App) => void app.get('/api/it', options as object, async () => ({}))
    const server = await createServer({ routes })
    await expect(server.start()).rejects.toThrow(message)
  })

  test('no access, though its path is below that of the documentation', async () => {
    const routes = (app: App) => void app.get('/docs/secret', { schema: {} }, async () => ({}))
    const server = await createServer({ routes })
    await expect(server.start()).rejects.toThrow(/GET \/docs\/secret does not say who may use it/)
  })
})
