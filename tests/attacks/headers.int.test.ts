import { describe, expect, it } from 'vitest'
import { exchange } from '../../packages/http/test/sockets.ts'
import { useTarget } from './target.ts'

const target = useTarget()

const json = { 'content-type': 'application/json' }
const problemOf = ({ status, body }: { status: number; body: string }) => [status, JSON.parse(body).code]

/** Sends text as it is, and reads to the end. */
const wire = (text: string) => exchange(target().shop.gateway, text)

/** Sends a request with these lines of headers, whatever is in them. */
const wireTo = (method: string, path: string, ...lines: string[]) =>
  wire([`${method} ${path} HTTP/1.1`, 'host: shelf', 'connection: close', ...lines, '', ''].join('\r\n'))

describe('If-Match', () => {
  it.each([
    '',
    '1',
    '"1',
    '"0"',
    '"99999999999999999999"',
    'W/',
    '"1";"2"',
    'null',
    '"\u00ff"',
    ',,,',
    '"x",'.repeat(2_000),
  ])('that is none lets nothing through: %j', async (etag) => {
    const headers = { ...json, 'if-match': etag }
    const path = `/api/books/${target().book.id}`
    const { contributors, publisher } = JSON.parse((await target().send({ path })).text)
    for (const [method, at, body] of [
      ['PUT', path, '{"title":"Changed"}'],
      ['DELETE', path, undefined],
      ['PUT', `/api/contributors/${contributors[0].id}`, '{"name":"Changed"}'],
      ['PUT', `/api/publishers/${publisher.id}`, '{"name":"Changed"}'],
      ['DELETE', `/api/publishers/${publisher.id}`, undefined],
    ] as const) {
      const sent = body === undefined ? { headers: { 'if-match': etag } } : { headers, body }
      const { status } = await target().send({ method, path: at, as: 'staff', ...sent })
      // What is in use is refused for that first, whatever the version.
      expect([method, at, [412, 428, 409].includes(status)]).toEqual([method, at, true])
    }
  })
})

describe('floods and long headers', () => {
  it.each<[what: string, headers: Record<string, string>, status: number]>([
    ['150 headers', Object.fromEntries(Array.from({ length: 150 }, (_, n) => [`x-${n}`, 'y'])), 431],
    ['a header of 20 kB', { 'x-long': 'x'.repeat(20_000) }, 431],
    ['2,000 cookies', { cookie: 'a=b; '.repeat(2_000) }, 200],
    ['a cookie of 10 kB', { cookie: `colophon_session=${'x'.repeat(10_000)}` }, 200],
    ['a cookie that is no text', { cookie: 'colophon_session=%ff%00; __proto__=1; constructor=2' }, 200],
    ['a long Accept', { accept: 'text/html;q=0.1,'.repeat(900) }, 200],
    ['a long Accept-Encoding', { 'accept-encoding': 'gzip;q=0.001,'.repeat(1_100) }, 200],
    [
      'an Accept-Encoding that backtracks',
      { 'accept-encoding': `${' '.repeat(7_000)}a${';'.repeat(7_000)}` },
      200,
    ],
    ['a long If-None-Match', { 'if-none-match': 'W/"a",'.repeat(2_000) }, 200],
    ['a long X-Forwarded-For', { 'x-forwarded-for': '1.2.3.4,'.repeat(1_500) }, 200],
    ['a traceparent that is none', { traceparent: `00-${'f'.repeat(5_000)}-01` }, 200],
    ['a trace of zeros', { traceparent: `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01` }, 200],
  ])('%s', async (_, headers, status) => {
    const start = performance.now()
    for (const path of ['/api/books?limit=1', '/api/accounts/me', '/docs']) {
      const answer = await target().send({ path, as: 'customer', headers })
      expect([path, answer.status]).toEqual([path, status])
    }
    expect(performance.now() - start).toBeLessThan(2_000)
  })

  it('of ranges answers the whole thing or a part of it, and never more', async () => {
    const ranges = `bytes=${Array.from({ length: 1_000 }, (_, n) => `0-${n}`).join(',')}`
    for (const range of ['bytes=0-0', 'bytes=-1', 'bytes=5-1', 'bytes=9999999999-', 'lines=1-2', ranges]) {
      const answer = await target().send({ path: '/api/books?limit=1', headers: { range } })
      expect([range, answer.status]).toEqual([range, 200])
      const path = '/docs/static/swagger-ui.css'
      const whole = (await target().send({ path })).text.length
      const part = await target().send({ path, headers: { range } })
      expect([200, 206, 400, 416]).toContain(part.status)
      expect(part.text.length).toBeLessThanOrEqual(whole)
    }
  })
})

describe('X-Request-Id', () => {
  it.each(['a b', 'a%0d%0aset-cookie:x=y', '<script>', 'x'.repeat(129), '\u00e9', '#{x}', ''])(
    'that does not fit a log line is replaced: %j',
    async (id) => {
      const { headers } = await target().send({ path: '/version', headers: { 'x-request-id': id } })
      expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
      expect(headers['set-cookie']).toBeUndefined()
    },
  )

  it.each(['a\r\nset-cookie: x=y', 'a\rset-cookie: x=y', 'a\nset-cookie: x=y', 'a\0b'])(
    'cannot end its line: %j',
    async (id) => {
      const answer = await wireTo('GET', '/version', `x-request-id: ${id}`)
      expect([200, 400]).toContain(answer.status)
      expect(answer.headers).not.toHaveProperty('set-cookie')
      expect(answer.headers['x-request-id']).toMatch(/^([0-9a-f-]{36}|a)$/)
    },
  )
})

describe('methods', () => {
  it.each<[string, string | undefined]>([
    ['x-http-method-override', 'DELETE'],
    ['x-http-method', 'DELETE'],
    ['x-method-override', 'DELETE'],
  ])('are not changed by %s', async (name, value) => {
    const path = `/api/books/${target().book.id}`
    const headers = { ...json, [name]: value, 'if-match': '*' }
    expect((await target().send({ path, as: 'staff', headers })).status).toBe(200)
    const posted = await target().send({
      method: 'POST',
      path,
      as: 'staff',
      headers,
      body: '{"_method":"DELETE"}',
    })
    expect([posted.status, posted.code]).toEqual([405, 'method_not_allowed'])
    expect((await target().send({ path: `${path}?_method=DELETE`, as: 'staff' })).status).toBe(400)
  })

  it.each([
    'TRACE',
    'TRACK',
    'PROPFIND',
    'MOVE',
    'PURGE',
    'OPTIONS',
    'QUERY',
    'get',
    'DELETE\t',
    'CONNECT',
    'BREW',
  ])('%s reads and changes nothing', async (method) => {
    const answer = await wireTo(method, `/api/books/${target().book.id}`, 'x-secret: echo')
    expect([204, 400, 404, 405]).toContain(answer.status)
    expect(answer.body).not.toMatch(/echo|Darkness/)
    if (answer.status === 405) expect(answer.headers.allow).toContain('GET, HEAD')
  })
})

describe('paths', () => {
  it.each([
    '/docs/static/../../../../../../etc/passwd',
    '/docs/static/..%2f..%2f..%2f..%2f..%2fetc%2fpasswd',
    '/docs/static/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd',
    '/docs/static/..%252f..%252f..%252fetc%252fpasswd',
    '/docs/static/..\\..\\..\\etc\\passwd',
    '/docs/static/..%5c..%5cpackage.json',
    '/docs/static/....//....//etc/passwd',
    '/docs/static//etc/passwd',
    '/docs/static/%00',
    '/docs/static/index.html%00.png',
    '/docs/static/../package.json',
    '/docs/static/.%2e/package.json',
    '/docs/static/.',
    '/docs/../api/accounts',
    '//etc/passwd',
    '/etc/passwd',
    '/./api/books/..',
    '/api/books/..%2faccounts',
    '/api//books',
    '/api/books;x=y',
    '/.git/config',
    '/.env',
    '/metrics',
    '/%61pi/accounts',
    'http://elsewhere.example/api/accounts',
    '/api/books/%2e%2e',
  ])('%s leads nowhere', async (path) => {
    const answer = await wireTo('GET', path)
    expect([400, 401, 403, 404]).toContain(answer.status)
    expect(answer.headers['content-type']).toBe('application/problem+json')
    expect(answer.body).not.toMatch(/root:|"dependencies"/)
  })

  it.each(['/API/BOOKS', '/api/books/', '/Api/accounts'])('%s is another one', async (path) => {
    expect([400, 404]).toContain((await target().send({ path, as: 'admin' })).status)
  })
})

describe('on the wire', () => {
  it.each<[what: string, text: string, status: number, code: string]>([
    ['HTTP/0.9', 'GET /\r\n\r\n', 400, 'malformed_request'],
    ['HTTP/2 by prior knowledge', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'malformed_request'],
    ['another version', 'GET /healthz HTTP/3.7\r\nhost: shelf\r\n\r\n', 400, 'malformed_request'],
    ['no host', 'GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n', 400, 'malformed_request'],
    [
      'two hosts',
      'GET /healthz HTTP/1.1\r\nhost: a\r\nhost: b\r\nconnection: close\r\n\r\n',
      400,
      'malformed_request',
    ],
    ['a long word', 'A'.repeat(100_000), 400, 'malformed_request'],
  ])('%s', async (_, text, status, code) => {
    expect(problemOf(await wire(text))).toEqual([status, code])
  })

  it.each<[what: string, lines: string[], body: string]>([
    ['two lengths', ['content-length: 2', 'content-length: 3'], '{} '],
    ['a length below zero', ['content-length: -1'], '{}'],
    ['a length that is none', ['content-length: 0x2'], '{}'],
    ['a length and chunks', ['content-length: 2', 'transfer-encoding: chunked'], '0\r\n\r\n'],
    ['chunks by another name', ['transfer-encoding: xchunked'], '2\r\n{}\r\n0\r\n\r\n'],
    ['chunks in chunks', ['transfer-encoding: chunked, chunked'], '0\r\n\r\n'],
    ['a chunk of more than there is', ['transfer-encoding: chunked'], 'fffffffffffffffff\r\n{}'],
    ['a space before the colon', ['transfer-encoding : chunked'], '0\r\n\r\n'],
    ['a line that goes on', ['x: a', ' b', 'content-length: 2'], '{}'],
    ['a name that is none', ['(x): a', 'content-length: 2'], '{}'],
  ])('a body with %s', async (_, lines, body) => {
    const more = 'GET /healthz HTTP/1.1\r\nhost: shelf\r\n\r\n'
    const start = [
      'POST /api/tokens HTTP/1.1',
      'host: shelf',
      'content-type: application/json',
      ...lines,
      '',
      '',
    ]
    const answer = await wire(start.join('\r\n') + body + more)
    expect(problemOf(answer)).toEqual([400, 'malformed_request'])
    // What follows is not taken for another request.
    expect(answer.body).not.toContain('HTTP/1.1 200')
  })

  it('HTTP/1.0 is answered, and its connection closed', async () => {
    for (const path of ['/healthz', `/api/books/${target().book.id}`]) {
      expect((await wire(`GET ${path} HTTP/1.0\r\n\r\n`)).status).toBe(200)
    }
  })

  it('of two tokens, types or tags the first counts, and never the better one', async () => {
    const { tokens, book } = target()
    const [customer, staff] = [
      `authorization: Bearer ${tokens.customer}`,
      `authorization: Bearer ${tokens.staff}`,
    ]
    expect(problemOf(await wireTo('GET', '/api/reports/authors', customer, staff))).toEqual([
      403,
      'forbidden',
    ])
    const types = ['content-type: text/plain', 'content-type: application/json']
    const typed = await wireTo('POST', '/api/tokens', ...types, 'content-length: 0')
    expect([400, 415]).toContain(typed.status)
    const tags = await wireTo('DELETE', `/api/books/${book.id}`, staff, 'if-match: "7"', 'if-match: "8"')
    expect(problemOf(tags)).toEqual([412, 'precondition_failed'])
  })
})
