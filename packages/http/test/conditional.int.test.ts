import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { type App, sendVersioned } from '../src/index.ts'
import { createServer } from './support.ts'

const staff = { authorization: 'Bearer staff', 'content-type': 'application/merge-patch+json' }

describe('If-Match', () => {
  test.each([
    ['"7"', 200],
    ['W/"7"', 200],
    ['"6", "7"', 200],
    ['*', 200],
    ['"6"', 412],
    ['7', 412],
    ['""', 412],
  ])('%s against version 7 is %i', async (match, status) => {
    const { app } = await createServer()
    const headers = { ...staff, 'if-match': match }
    const response = await app.inject({
      method: 'PATCH',
      url: '/api/books/7',
      headers,
      payload: '{"pages":2}',
    })
    expect(response.statusCode).toBe(status)
    if (status === 412)
      expect([response.json().code, response.headers.etag]).toEqual(['precondition_failed', '"7"'])
  })

  test('has to be sent', async () => {
    const { app } = await createServer()
    const response = await app.inject({
      method: 'PATCH',
      url: '/api/books/7',
      headers: staff,
      payload: '{"pages":2}',
    })
    expect(response.json()).toMatchObject({ status: 428, code: 'precondition_required' })
  })
})

describe('If-None-Match', () => {
  test.each(['/api/books/7', '/api/books?limit=3', '/version'])('%s is sent once', async (url) => {
    const { app } = await createServer()
    const first = await app.inject({ url })
    expect(first.headers['cache-control']).toBe('no-cache')
    expect(first.headers.vary).toBe('accept-encoding')
    const again = await app.inject({ url, headers: { 'if-none-match': String(first.headers.etag) } })
    expect([again.statusCode, again.body]).toEqual([304, ''])
    expect(again.headers.etag).toBe(first.headers.etag)
    expect(again.headers['content-type']).toBeUndefined()
    const changed = await app.inject({ url, headers: { 'if-none-match': '"other"' } })
    expect([changed.statusCode, changed.body]).toEqual([200, first.body])
  })

  test('an answer for one person is not for shared caches', async () => {
    const { app } = await createServer()
    const { headers } = await app.inject({ url: '/api/books', headers: staff })
    expect(headers['cache-control']).toBe('private, no-cache')
  })

  test('an error is not kept', async () => {
    const { app } = await createServer()
    const { headers } = await app.inject({ url: '/api/books/x' })
    expect([headers['cache-control'], headers.etag]).toEqual(['no-store', undefined])
  })
})

describe('compression', () => {
  const long = (app: App) => {
    const config = { access: 'public' } as const
    app.get('/api/versioned', { config, schema: {} }, async (request, reply) =>
      sendVersioned(request, reply, 7, { text: 'x'.repeat(5_000) }),
    )
    app.get('/api/long', { config, schema: {} }, async () => ({ text: 'x'.repeat(5_000) }))
    app.get('/api/short', { config, schema: {} }, async () => ({ text: 'x' }))
    app.get('/api/events', { config, schema: {} }, async (_, reply) => {
      reply.type('text/event-stream')
      return `data: ${'x'.repeat(5_000)}\n\n`
    })
  }

  test.each([
    ['/api/long', 'br, gzip', 'br'],
    ['/api/long', 'gzip', 'gzip'],
    ['/api/long', 'identity', undefined],
    ['/api/short', 'gzip', undefined],
    ['/api/events', 'gzip', undefined],
  ])('%s for %s is %s', async (url, accepted, encoding) => {
    const { app } = await createServer({ routes: long })
    const response = await app.inject({ url, headers: { 'accept-encoding': accepted } })
    expect(response.headers['content-encoding']).toBe(encoding)
    if (encoding === 'gzip')
      expect(JSON.parse(String(gunzipSync(response.rawPayload))).text).toHaveLength(5_000)
  })

  test.each([
    ['identity', '"7"'],
    ['gzip', 'W/"7"'],
    ['br', 'W/"7"'],
  ])('of a version gives no two sequences of bytes one strong tag: %s', async (encoding, etag) => {
    const { app } = await createServer({ routes: long })
    const url = '/api/versioned'
    const headers = { 'accept-encoding': encoding }
    expect((await app.inject({ url, headers })).headers.etag).toBe(etag)
    // What a client keeps is confirmed by the very tag that it came with.
    const known = await app.inject({ url, headers: { ...headers, 'if-none-match': etag } })
    expect([known.statusCode, known.headers.etag]).toEqual([304, etag])
  })

  test('is named once among what an answer depends on', async () => {
    const { app } = await createServer({ routes: long, corsOrigins: ['https://friend.example'] })
    const headers = { 'accept-encoding': 'gzip', origin: 'https://friend.example' }
    const { vary } = (await app.inject({ url: '/api/long', headers })).headers
    expect(vary).toBe('Origin, accept-encoding')
  })
})
