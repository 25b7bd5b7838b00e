import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import type { App } from '../src/index.ts'
import { exchange, head, openSocket } from './sockets.ts'
import { startServer } from './support.ts'

/** A route that reads a type of its own as a stream. */
function feeds(app: App): void {
  app.addContentTypeParser('application/xml', (_, payload, done) => done(null, payload))
  const config = { access: 'public', deadlineMs: 60_000 } as const
  const schema = { consumes: ['application/xml'] }
  app.post('/api/feeds', { config, schema, bodyLimit: 1_000 }, async (request) => {
    return { length: (await text(request.body as Readable)).length }
  })
}

const xml = { 'content-type': 'application/xml', connection: 'close' }

function chunked(size: number): string {
  const headers = { ...xml, 'transfer-encoding': 'chunked' }
  return `${head('POST', '/api/feeds', headers)}${size.toString(16)}\r\n${'x'.repeat(size)}\r\n0\r\n\r\n`
}

test('a body of another type is a stream with the same bounds', async () => {
  const server = await startServer({ routes: feeds })
  const whole = await exchange(server, chunked(1_000))
  expect([whole.status, JSON.parse(whole.body)]).toEqual([200, { length: 1_000 }])
  const large = await exchange(server, chunked(1_001))
  expect([large.status, JSON.parse(large.body).code]).toEqual([413, 'body_too_large'])
  const announced = await exchange(server, head('POST', '/api/feeds', { ...xml, 'content-length': 1_001 }))
  expect([announced.status, JSON.parse(announced.body).code]).toEqual([413, 'body_too_large'])
  const json = { ...xml, 'content-type': 'application/json', 'content-length': 2 }
  expect((await exchange(server, `${head('POST', '/api/feeds', json)}{}`)).status).toBe(415)
})

test('a stream that is cut off fails where it is read', async () => {
  const begun = Promise.withResolvers<void>()
  const failed = Promise.withResolvers<unknown>()
  const routes = (app: App) => {
    app.addContentTypeParser('application/xml', (_, payload, done) => done(null, payload))
    const schema = { consumes: ['application/xml'] }
    app.post('/api/feeds', { config: { access: 'public' }, schema }, async (request) => {
      begun.resolve()
      await text(request.body as Readable).catch(failed.resolve)
    })
  }
  const server = await startServer({ routes })
  const socket = await openSocket(server)
  socket.write(`${head('POST', '/api/feeds', { ...xml, 'content-length': 100 })}<feed>`)
  await begun.promise
  socket.destroy()
  expect(await failed.promise).toMatchObject({ code: 'body_cut_off' })
})
