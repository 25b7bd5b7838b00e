import Type from 'typebox'
import { describe, expect, test } from 'vitest'
import type { App } from '../src/index.ts'
import { createServer } from './support.ts'

/** A route that takes a table, one that may take one, and one that takes JSON. */
function routes(app: App): void {
  const config = { access: 'public', rawBody: true } as const
  const consumes = ['text/csv']
  const body = Type.Unsafe<Buffer>({ type: 'string', description: 'A table' })
  app.post('/api/table', { config, schema: { consumes, body }, bodyLimit: 100 }, async (request) => ({
    hex: request.body.toString('hex'),
  }))
  app.post('/api/maybe', { config, schema: { consumes } }, async (request) => ({
    isThere: request.body !== undefined,
  }))
  app.post('/api/json', { config: { access: 'public' }, schema: { body: Type.Object({}) } }, async () => ({}))
}

async function send(url: string, payload: string | Buffer, type = 'text/csv') {
  const { app } = await createServer({ routes })
  return app.inject({ method: 'POST', url, headers: { 'content-type': type }, payload })
}

describe('a table', () => {
  test('is given to its route as its bytes, in whatever encoding', async () => {
    const bytes = Buffer.from('61ff00ef', 'hex')
    expect((await send('/api/table', bytes)).json()).toEqual({ hex: '61ff00ef' })
    expect((await send('/api/table', 'a', 'Text/CSV; charset=UTF-8')).json()).toEqual({ hex: '61' })
  })

  test.each([
    ['nothing', '/api/table', '', 'text/csv', 400, 'body_required'],
    ['too much', '/api/table', 'x'.repeat(101), 'text/csv', 413, 'body_too_large'],
    ['JSON', '/api/table', '{}', 'application/json', 415, 'unsupported_media_type'],
    [
      'a charset that is not UTF-8',
      '/api/table',
      'a',
      'text/csv; charset=latin1',
      415,
      'unsupported_media_type',
    ],
    ['where JSON is taken', '/api/json', 'a', 'text/csv', 415, 'unsupported_media_type'],
  ])('is refused: %s', async (_, url, payload, type, status, code) => {
    const response = await send(url, payload, type)
    expect([response.statusCode, response.json().code]).toEqual([status, code])
  })

  test('may be left out where the route names no body', async () => {
    expect((await send('/api/maybe', '')).json()).toEqual({ isThere: false })
    expect((await send('/api/maybe', 'a')).json()).toEqual({ isThere: true })
  })

  test('is described as what the route takes', async () => {
    const server = await createServer({ routes })
    await server.app.ready()
    expect(server.openapi()).toMatchObject({
      paths: {
        '/api/table': { post: { requestBody: { content: { 'text/csv': { schema: { type: 'string' } } } } } },
      },
    })
  })
})
