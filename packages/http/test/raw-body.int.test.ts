import Type from 'typebox'
import { describe, expect, test } from 'vitest'
import type { App } from '../src/index.ts'
import { createServer } from './support.ts'

const Event = Type.Object({ id: Type.String() }, { title: 'Event', additionalProperties: false })

/** A route that answers the bytes it was given. */
function routes(app: App): void {
  app.post(
    '/api/events',
    {
      config: { access: 'public', rawBody: true },
      schema: { body: Type.Unsafe<Buffer>({ ...Event }) },
      bodyLimit: 100,
    },
    async ({ body }) => ({ isBuffer: Buffer.isBuffer(body), hex: body.toString('hex') }),
  )
}

async function send(payload: string | Buffer, contentType = 'application/json') {
  const { app } = await createServer({ routes })
  return app.inject({ method: 'POST', url: '/api/events', headers: { 'content-type': contentType }, payload })
}

describe('a route with rawBody', () => {
  test.each([
    ['spaces and the order of members', '{ "b":1,\n  "a" : 2.0 }'],
    ['what the schema does not allow', '{"id":7,"more":true}'],
    ['what is not JSON', '{'],
    ['what is not UTF-8', Buffer.from('7bff7d', 'hex')],
  ])('is given the bytes as they came: %s', async (_, payload) => {
    const response = await send(payload)
    expect(response.json()).toEqual({ isBuffer: true, hex: Buffer.from(payload).toString('hex') })
  })

  test.each([
    ['nothing', '', 'application/json', 400, 'body_required'],
    ['too much', 'x'.repeat(101), 'application/json', 413, 'body_too_large'],
    ['another type', '{}', 'text/plain', 415, 'unsupported_media_type'],
  ])('refuses %s as any other does', async (_, payload, type, status, code) => {
    const response = await send(payload, type)
    expect([response.statusCode, response.json().code]).toEqual([status, code])
  })

  test('is described by its schema', async () => {
    const server = await createServer({ routes })
    await server.app.ready()
    expect(server.openapi()).toMatchObject({
      components: { schemas: { Event: { type: 'object', required: ['id'] } } },
      paths: { '/api/events': { post: { requestBody: { required: true } } } },
    })
  })
})
