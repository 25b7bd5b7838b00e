import { describe, expect, test } from 'vitest'
import { type App, addVary } from '../src/index.ts'
import { createServer } from './support.ts'

const friend = 'https://friend.example'
const preflight = (origin: string) => ({ origin, 'access-control-request-method': 'PATCH' })

describe('pages of other sites', () => {
  test('may not read anything unless they are named', async () => {
    const { app } = await createServer()
    const { headers } = await app.inject({ url: '/api/books', headers: { origin: friend } })
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([])
    const asked = await app.inject({ method: 'OPTIONS', url: '/api/books', headers: preflight(friend) })
    expect(asked.headers).not.toHaveProperty('access-control-allow-origin')
  })

  test('that are named may read answers and refusals', async () => {
    const { app } = await createServer({ corsOrigins: [friend] })
    for (const url of ['/api/books', '/nope', '/api/books/x']) {
      const { headers } = await app.inject({ url, headers: { origin: friend } })
      expect(headers).toMatchObject({
        'access-control-allow-origin': friend,
        'access-control-allow-credentials': 'true',
        vary: expect.stringContaining('Origin'),
      })
      expect(headers['access-control-expose-headers']).toContain('X-Request-Id')
    }
    const asked = await app.inject({ method: 'OPTIONS', url: '/api/books/7', headers: preflight(friend) })
    expect([asked.statusCode, asked.headers['access-control-allow-origin']]).toEqual([204, friend])
    expect(asked.headers['access-control-allow-methods']).toContain('PATCH')
  })

  test('make an answer depend on where they come from, beside what a handler says that it depends on', async () => {
    const routes = (app: App) => {
      app.get('/page', { config: { access: 'public' }, schema: {} }, async (_, reply) => {
        for (const name of ['accept', 'Accept-Language', 'accept-language']) addVary(reply, name)
        return {}
      })
    }
    const { app } = await createServer({ corsOrigins: [friend], routes })
    const { headers } = await app.inject({ url: '/page' })
    expect(headers.vary).toBe('Origin, accept, Accept-Language, accept-encoding')
  })

  test('that are not named get nothing where others do', async () => {
    const { app } = await createServer({ corsOrigins: [friend] })
    const { headers } = await app.inject({ url: '/api/books', headers: { origin: 'https://evil.example' } })
    expect(headers).not.toHaveProperty('access-control-allow-origin')
  })

  test('a plain OPTIONS still says what is allowed', async () => {
    const { app } = await createServer({ corsOrigins: [friend] })
    const asked = await app.inject({ method: 'OPTIONS', url: '/api/books' })
    expect([asked.statusCode, asked.headers.allow]).toEqual([204, 'GET, HEAD, POST, OPTIONS'])
    expect((await app.inject({ method: 'OPTIONS', url: '/nope' })).statusCode).toBe(404)
  })

  test.each(['*', 'https://friend.example/', 'friend.example'])('%s is not an origin', async (origin) => {
    await expect(createServer({ corsOrigins: [origin] })).rejects.toThrow('is not an origin')
  })
})

describe('headers that browsers obey', () => {
  test('are on every answer', async () => {
    const { app } = await createServer()
    for (const url of ['/api/books', '/nope', '/%zz']) {
      expect((await app.inject({ url })).headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'content-security-policy': expect.stringContaining("default-src 'none'"),
        'referrer-policy': 'no-referrer',
      })
    }
  })

  test('demand HTTPS only where it is used', async () => {
    const plain = await createServer()
    const secure = await createServer({ publicUrl: 'https://shop.example' })
    expect((await plain.app.inject({ url: '/' })).headers).not.toHaveProperty('strict-transport-security')
    expect((await secure.app.inject({ url: '/' })).headers).toHaveProperty('strict-transport-security')
  })
})
