import { describe, expect, it } from 'vitest'
import { type Attack, useTarget, writesOf } from './target.ts'

const target = useTarget()

describe('with the cookie of an admin', () => {
  it.each<[from: string, headers: () => Record<string, string>]>([
    ['nowhere', () => ({})],
    ['another site', () => ({ origin: 'https://evil.example' })],
    ['a sandbox or a file', () => ({ origin: 'null' })],
    ['no text', () => ({ origin: '' })],
    ['a name that begins like ours', () => ({ origin: `${target().shop.gateway.address()}.evil.example` })],
    ['another port of ours', () => ({ origin: 'http://127.0.0.1:1' })],
    ['our name elsewhere', () => ({ origin: 'http://localhost' })],
    ['several places', () => ({ origin: `https://evil.example ${target().shop.gateway.address()}` })],
    [
      'a site that says it is the host',
      () => ({ origin: 'https://evil.example', 'x-forwarded-host': 'evil.example' }),
    ],
    ['a page that refers to us', () => ({ referer: `${target().shop.gateway.address()}/docs` })],
    ['another site by its metadata', () => ({ 'sec-fetch-site': 'cross-site' })],
    ['a sister site by its metadata', () => ({ 'sec-fetch-site': 'same-site' })],
    [
      'another site with false metadata',
      () => ({ origin: 'https://evil.example', 'sec-fetch-site': 'none' }),
    ],
  ])('nothing is changed from %s', async (_, from) => {
    const { cookie, send } = target()
    const withBody = writesOf(target()).map((write) => ({ ...write, body: '{}' }))
    const writes: Attack[] = [...withBody, { method: 'DELETE', path: '/api/session' }]
    for (const write of writes) {
      const { status, code } = await send({ ...write, headers: { ...write.headers, cookie, ...from() } })
      expect([write.method, write.path, status, code]).toEqual([
        write.method,
        write.path,
        403,
        'origin_refused',
      ])
    }
  })

  it('pages of ours are let in', async () => {
    const { cookie, send, shop, book } = target()
    const headers = { cookie, origin: shop.gateway.address(), 'if-match': '"77"' }
    const { code } = await send({ method: 'DELETE', path: `/api/books/${book.id}`, headers })
    expect(code).toBe('precondition_failed')
  })

  it('nothing is shown to the pages of another site', async () => {
    const { cookie, send } = target()
    const origin = 'https://evil.example'
    const asked = { 'access-control-request-method': 'DELETE', 'access-control-request-headers': 'if-match' }
    for (const attack of [
      { path: '/api/accounts/me', headers: { cookie, origin } },
      { path: '/api/books', headers: { origin } },
      { method: 'OPTIONS', path: '/api/books', headers: { origin, ...asked } },
    ]) {
      const { headers } = await send(attack)
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([])
      expect(headers['cross-origin-resource-policy']).toBe('same-origin')
      expect(headers['x-frame-options']).toBe('DENY')
    }
  })
})

describe('a cookie that is no session', () => {
  it.each([
    '',
    'x',
    '%00',
    "' OR 1=1 --",
    '../../x',
    'a'.repeat(43),
    'a'.repeat(8_000),
    '{"$gt":""}',
    '[object Object]',
  ])('is nobody: %j', async (value) => {
    const headers = { cookie: `colophon_session=${value}` }
    const answer = await target().send({ path: '/api/accounts/me', headers })
    expect([answer.status, answer.code]).toEqual([401, 'unauthenticated'])
    expect((await target().send({ path: '/api/books', headers })).status).toBe(200)
  })

  it('does not become one by standing before it', async () => {
    const { cookie, send } = target()
    const answer = await send({
      path: '/api/accounts/me',
      headers: { cookie: `colophon_session=x; ${cookie}` },
    })
    expect([answer.status, answer.code]).toEqual([401, 'unauthenticated'])
  })
})
