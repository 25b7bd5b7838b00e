import { Readable } from 'node:stream'
import { createLogger, createMetrics, currentContext, traceIdOf } from '@colophon/runtime'
import Type from 'typebox'
import { describe, expect, test, vi } from 'vitest'
import type { App } from '../src/index.ts'
import { createServer, type Overrides, shelf, startServer } from './support.ts'

const trace = '0af7651916cd43dd8448eb211c80319c'
const traceparent = `00-${trace}-b7ad6b7169203331-01`

/** Routes that tell the context their handler runs in. */
function witnesses(app: App): void {
  const config = { access: 'public' } as const
  app.get('/api/context', { config, schema: {} }, async () => currentContext())
  const body = Type.Object({ x: Type.Integer() })
  app.post('/api/context', { config, schema: { body } }, async () => {
    await new Promise(setImmediate)
    return currentContext()
  })
}

describe('the context of a request', () => {
  test('reaches handlers, whatever was awaited before', async () => {
    const server = await startServer({ routes: witnesses })
    const headers = { traceparent, 'x-request-id': 'r-1', authorization: 'Bearer staff' }
    const url = `${server.address()}/api/context`
    const body = JSON.stringify({ x: 1 })
    const json = { ...headers, 'content-type': 'application/json' }
    const answers = [await fetch(url, { headers }), await fetch(url, { method: 'POST', headers: json, body })]
    for (const answer of answers) {
      const context = (await answer.json()) as { requestId: string; traceparent: string; deadline: number }
      expect(context).toMatchObject({ requestId: 'r-1' })
      expect(traceIdOf(context.traceparent)).toBe(trace)
      expect(context.traceparent).not.toBe(traceparent)
      expect(answer.headers.get('x-request-id')).toBe('r-1')
    }
  })

  test('has a deadline by the clock that the stores go by, whichever one counts the rates', async () => {
    const limits = { requestMs: 5_000 }
    const { app } = await createServer({ routes: witnesses, clock: () => 1_000_000, limits })
    const before = Date.now()
    const { deadline } = (await app.inject({ url: '/api/context' })).json()
    expect(deadline).toBeGreaterThanOrEqual(before + 5_000)
    expect(deadline).toBeLessThanOrEqual(Date.now() + 5_000)
  })

  test.each(['a b', 'x'.repeat(129), 'ä', '', '{}'])(
    'a request id that is not sane is replaced: %j',
    async (id) => {
      const { app } = await createServer({ routes: witnesses })
      const response = await app.inject({ url: '/api/context', headers: { 'x-request-id': id } })
      expect(response.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
      expect(response.json().requestId).toBe(response.headers['x-request-id'])
    },
  )

  test('requests at once do not see each other', async () => {
    const { app } = await createServer({ routes: witnesses })
    const ids = Array.from({ length: 50 }, (_, index) => `r${index}`)
    const answers = await Promise.all(
      ids.map((id) =>
        app.inject({
          method: 'POST',
          url: '/api/context',
          headers: { 'x-request-id': id },
          payload: { x: 1 },
        }),
      ),
    )
    expect(answers.map((answer) => answer.json().requestId)).toEqual(ids)
  })
})

describe('the log', () => {
  function logged(level: 'info' | 'debug', overrides: Overrides = {}) {
    const lines: string[] = []
    const destination = { write: (line: string) => void lines.push(line) }
    const logger = createLogger({ level, readable: false, destination })
    const requests = () => lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'request')
    return { server: createServer({ logger, ...overrides }), lines, requests }
  }

  test('has one line for a request, without its query and its headers', async () => {
    const { server, lines, requests } = logged('info')
    const { app } = await server
    const headers = { authorization: 'Bearer staff', cookie: 'a=hidden1', 'x-request-id': 'r-2', traceparent }
    await app.inject({ url: '/api/books?q=hidden2', headers })
    await vi.waitFor(() => expect(requests()).toHaveLength(1))
    expect(requests()[0]).toMatchObject({
      level: 'info',
      method: 'GET',
      route: '/api/books',
      path: '/api/books',
      status: 200,
      requestId: 'r-2',
      traceId: trace,
      bytes: expect.any(Number),
      durationMs: expect.any(Number),
    })
    expect(lines.join('')).not.toMatch(/hidden|staff/)
  })

  test('of health is at debug', async () => {
    const quiet = logged('info')
    await (await quiet.server).app.inject({ url: '/healthz' })
    const all = logged('debug')
    await (await all.server).app.inject({ url: '/healthz' })
    await vi.waitFor(() => expect(all.requests()).toMatchObject([{ level: 'debug', path: '/healthz' }]))
    expect(quiet.requests()).toEqual([])
  })

  test('has a warning of an answer that stopped half way', async () => {
    const lines: string[] = []
    const destination = { write: (line: string) => void lines.push(line) }
    const gate = Promise.withResolvers<void>()
    const breaking = (app: App) => {
      app.get('/api/it', { config: { access: 'public' }, schema: {} }, async (_, reply) => {
        reply.type('text/plain')
        return Readable.from(
          (async function* () {
            yield 'first'
            await gate.promise
            throw new Error('of the store')
          })(),
        )
      })
    }
    const logger = createLogger({ level: 'info', readable: false, destination })
    const server = await startServer({ routes: breaking, logger })
    const headers = { 'accept-encoding': 'identity' }
    const answer = await fetch(`${server.address()}/api/it`, { headers })
    gate.resolve()
    await expect(answer.text()).rejects.toThrow()
    await vi.waitFor(() => expect(lines.join('')).toContain('"status":499'))
    expect(lines.join('')).toContain('an answer stopped half way')
  })

  test('has the stack of an unknown error, within the context of its request', async () => {
    const failing = (app: App) => {
      app.get('/api/it', { config: { access: 'public' }, schema: {} }, async () => {
        throw new TypeError('of the house')
      })
    }
    const { server, lines } = logged('info', { routes: failing })
    await (await server).app.inject({ url: '/api/it', headers: { 'x-request-id': 'r-3' } })
    const errors = lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 'error')
    expect(errors).toHaveLength(1)
    expect(errors[0]).toMatchObject({ requestId: 'r-3', err: { type: 'TypeError', message: 'of the house' } })
    expect(errors[0].err.stack).toContain('context.int.test.ts')
  })
})

test('the metrics know routes by their templates', async () => {
  const metrics = createMetrics()
  const { app } = await createServer({ metrics, routes: shelf })
  for (const url of ['/api/books/1', '/api/books/2', '/api/books/x', '/nope/1', '/nope/2', '/%zz']) {
    await app.inject({ url })
  }
  const counts = async () => {
    const lines = (await metrics.metrics()).split('\n')
    const counted = lines.filter((line) => line.startsWith('http_request_duration_seconds_count'))
    return counted.map((line) => line.replace('http_request_duration_seconds_count', '')).sort()
  }
  await vi.waitFor(async () =>
    expect(await counts()).toEqual([
      '{method="GET",route="/api/books/:id",status="200"} 2',
      '{method="GET",route="/api/books/:id",status="400"} 1',
      '{method="GET",route="unmatched",status="400"} 1',
      '{method="GET",route="unmatched",status="404"} 2',
    ]),
  )
  expect(await metrics.metrics()).toContain('http_requests_in_flight 0')
})
