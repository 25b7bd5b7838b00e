import { type CursorKeys, encodeCursor } from '@colophon/http'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Answer, useTarget } from './target.ts'

const target = useTarget()

const get = (path: string): Promise<Answer> => target().send({ path, as: 'admin' })
const withQuery = (path: string, query: Record<string, string>) => `${path}?${new URLSearchParams(query)}`

interface Parameter {
  name: string
  in: string
}

async function together<T>(values: readonly T[], ask: (value: T) => Promise<void>): Promise<void> {
  await Promise.all(values.map(ask))
}

/** Every route that is read, as a path that is there, with the names of what its query may have. */
let reads: { path: string; parameters: string[] }[]
/** What stands in the place of the parameters of paths. */
let ids: Record<string, string>

beforeAll(async () => {
  const { shop, book } = target()
  const { contributors, publisher } = JSON.parse((await get(`/api/books/${book.id}`)).text)
  const subject = JSON.parse((await get('/api/subjects')).text).items[0]
  const account = JSON.parse((await get('/api/accounts/me')).text)
  ids = {
    account: account.id,
    book: book.id,
    contributor: contributors[0].id,
    publisher: publisher.id,
    subject: subject.id,
  }
  const { paths } = shop.gateway.openapi() as {
    paths: Record<string, { get?: { parameters?: Parameter[] } }>
  }
  reads = Object.entries(paths).flatMap(([template, { get: operation }]) => {
    if (!operation) return []
    const parameters = (operation.parameters ?? []).filter((parameter) => parameter.in === 'query')
    return { path: pathOf(template), parameters: parameters.map(({ name }) => name) }
  })
})

function pathOf(template: string): string {
  const id = /^\/api\/(\w+)s\//.exec(template)?.[1] ?? ''
  return template
    .replace('{book}', ids.book ?? '')
    .replace('{id}', ids[id] ?? '')
    .replace('{code}', 'not_found')
}

const lists = () => reads.filter(({ parameters }) => parameters.includes('cursor'))

const limits = ['-1', '0', '101', '1e9', 'abc', '', '1.5', '0x10', '٣', ' 1', 'NaN', '1'.repeat(400)]

describe('every list', () => {
  it('refuses a limit that is none', async () => {
    for (const { path } of lists()) {
      await together(limits, async (limit) => {
        const { status, code } = await get(withQuery(path, { limit }))
        expect([path, limit, status, code]).toEqual([path, limit, 400, 'validation_failed'])
      })
      expect((await get(`${path}?limit=1&limit=100`)).code).toBe('validation_failed')
      expect((await get(`${path}?limit[]=1`)).code).toBe('validation_failed')
    }
    expect(lists().length).toBeGreaterThan(20)
  })

  it('refuses a cursor that it did not make', async () => {
    const elsewhere = JSON.parse((await get('/api/books?q=the&limit=1')).text).nextCursor
    let long = 0
    for (const { path } of lists()) {
      const { nextCursor } = JSON.parse((await get(withQuery(path, { limit: '1' }))).text)
      // Nothing is ordered here: those lists have no second page, or no order to be of.
      if (typeof nextCursor !== 'string') continue
      long++
      expect(nextCursor, path).toMatch(/^[\w-]+$/)
      const altered = `${nextCursor.slice(0, -5)}${nextCursor.at(-5) === 'A' ? 'B' : 'A'}${nextCursor.slice(-4)}`
      const made = ['x', 'AAAA', 'e30', '{}', '[]', '\0', '\u{1f4da}', 'A'.repeat(2_000), `${nextCursor}=`]
      await together([...made, altered, nextCursor.slice(1), elsewhere, ` ${nextCursor}`], async (cursor) => {
        const { status, code } = await get(withQuery(path, { cursor }))
        expect([path, cursor, status]).toEqual([path, cursor, 400])
        expect(code).toMatch(/^(invalid_cursor|validation_failed)$/)
      })
    }
    expect(long).toBe(14)
  })

  // What the fingerprint of each list's cursors is made of. It is no secret: anybody can make one that is right.
  it.each<[template: string, query: Record<string, string>, of: (ids: Record<string, string>) => object]>([
    ['/api/books', {}, () => ({})],
    ['/api/books', { sort: 'title' }, () => ({ sort: 'title' })],
    ['/api/books', { q: 'the' }, () => ({ q: 'the' })],
    ['/api/books/{book}/history', {}, ({ book }) => ({ of: book })],
    ['/api/contributors', {}, () => ({})],
    ['/api/contributors', { q: 'le' }, () => ({ q: 'le' })],
    ['/api/contributors/{id}/books', {}, ({ contributor }) => ({ of: contributor })],
    [
      '/api/contributors/{id}/books',
      { sort: 'title' },
      ({ contributor }) => ({ of: contributor, sort: 'title' }),
    ],
    ['/api/publishers', {}, () => ({})],
    ['/api/publishers/{id}/books', {}, ({ publisher }) => ({ of: publisher })],
    ['/api/subjects', {}, () => ({})],
    ['/api/subjects/{id}/books', {}, ({ subject }) => ({ of: subject })],
    ['/api/reports/authors', {}, () => ({})],
    ['/api/reports/authors', { sort: 'name' }, () => ({ sort: 'name' })],
    ['/api/reports/authors', { sort: 'meanYear' }, () => ({ sort: 'meanYear' })],
    ['/api/accounts', {}, () => ({})],
    ['/api/accounts/{id}/history', {}, ({ account }) => ({ of: account })],
  ])('%s %j survives a forged cursor', async (template, query, of) => {
    const path = pathOf(template)
    const { nextCursor } = JSON.parse((await get(withQuery(path, { ...query, limit: '1' }))).text)
    const keys: unknown[] = JSON.parse(Buffer.from(nextCursor, 'base64url').toString().slice(12))
    expect(encodeCursor(of(ids), keys as CursorKeys), 'the fingerprint is made of something else').toBe(
      nextCursor,
    )
    const numbers = [-1, 0, 3, 2 ** 31, 2 ** 53 - 1, 2 ** 53, -(2 ** 63), 2 ** 64, 1.5, 1e308, -1e308, 1e-320]
    const texts = [
      '',
      "' OR 1=1 --",
      '\0',
      '\ud800',
      '\u{10ffff}',
      'z'.repeat(1_000),
      '%',
      "\\'",
      'NaN',
      ids.book,
    ]
    const forged = keys.flatMap((_, index) =>
      [...numbers, ...texts, null, [], {}, true].map((value) => keys.with(index, value)),
    )
    await together(forged, async (made) => {
      const { status, code } = await get(
        withQuery(path, { ...query, cursor: encodeCursor(of(ids), made as CursorKeys) }),
      )
      const expected = status === 200 ? [200, undefined] : [400, 'invalid_cursor']
      expect([made, status, code]).toEqual([made, ...expected])
    })
  })
})

const hostile = [
  "' OR '1'='1",
  "'; DROP TABLE catalog.books; --",
  '"; SELECT pg_sleep(10); --',
  '\\',
  "\\'; --",
  '%',
  '%_%%',
  "a' & !b | (c <-> d):*",
  ':*',
  '!!!(((',
  '$1',
  '#{7*7}',
  '{{7*7}}',
  '<script>alert(1)</script>',
  '../../../../etc/passwd',
  '\r\nSet-Cookie: a=b',
  '\0',
  '\ufeff\u202e\u200b',
  '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}',
  'e\u0301'.repeat(90),
  'ﷺ'.repeat(200),
  'a '.repeat(100),
  '9'.repeat(30),
  '-9'.repeat(2),
  '__proto__',
  'null',
  '[object Object]',
]

describe('every parameter', () => {
  it('of a query is text and nothing else', async () => {
    for (const { path, parameters } of reads) {
      for (const name of parameters) {
        await together(hostile, async (value) => {
          const { status, headers } = await get(withQuery(path, { [name]: value }))
          expect([path, name, value, [200, 400].includes(status)]).toEqual([path, name, value, true])
          expect(headers['set-cookie']).toBeUndefined()
        })
      }
    }
  })

  it('of a path too', async () => {
    const templates = [
      '/api/books/',
      '/api/contributors/',
      '/api/publishers/',
      '/api/subjects/',
      '/problems/',
    ]
    for (const template of templates) {
      for (const value of hostile) {
        const { status, code } = await get(template + encodeURIComponent(value))
        expect([template, value, [400, 404].includes(status), typeof code]).toEqual([
          template,
          value,
          true,
          'string',
        ])
      }
    }
  })

  it.each(['%', '%zz', '%ff', '%c0%ae', '%ed%a0%80', '%f4%90%80%80'])('is UTF-8: %s', async (bytes) => {
    for (const path of [`/api/books?q=${bytes}`, `/api/books/${bytes}`, `/problems/${bytes}?x=${bytes}`]) {
      const { status, code } = await get(path)
      expect([path, status, code]).toEqual([path, 400, 'malformed_url'])
    }
  })

  it.each([
    '__proto__=1',
    '__proto__[x]=1',
    'constructor[prototype][x]=1',
    'toString=1',
    'q[$ne]=1',
    'Q=1',
    '=1',
  ])('is known: %s', async (query) => {
    for (const { path } of reads) {
      const { status, code } = await get(`${path}?${query}`)
      expect([path, status, code]).toEqual([path, 400, 'validation_failed'])
    }
    expect(Object.hasOwn(Object.prototype, 'x')).toBe(false)
  })
})
