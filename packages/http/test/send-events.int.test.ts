import { createLogger, createMetrics, currentContext } from '@colophon/runtime'
import { describe, expect, test, vi } from 'vitest'
import { type App, type EventSource, eventStream, sendEvents } from '../src/index.ts'
import { head, openSocket } from './sockets.ts'
import { createServer, shelf, startServer } from './support.ts'

type Options = NonNullable<Parameters<typeof sendEvents>[3]>

/** A route that answers with the events of `source`. */
function streaming(source: EventSource, options: Options = {}) {
  return (app: App) => {
    shelf(app)
    app.get(
      '/api/events',
      {
        config: { access: 'public' },
        schema: { summary: 'What happens', response: { 200: eventStream('What happens, as it happens') } },
      },
      async (request, reply) => sendEvents(request, reply, source, options),
    )
  }
}

/** Gives what a test sends, and tells when it was asked to end. */
function channel() {
  const waiting: ((data: string) => void)[] = []
  const ended = Promise.withResolvers<void>()
  const source: EventSource = async function* (signal) {
    try {
      while (!signal.aborted) {
        const next = Promise.withResolvers<string>()
        waiting.push(next.resolve)
        signal.addEventListener('abort', () => next.resolve(''))
        const data = await next.promise
        if (data !== '') yield { data }
      }
    } finally {
      ended.resolve()
    }
  }
  const send = async (data: string) => {
    await vi.waitFor(() => expect(waiting).not.toHaveLength(0))
    for (const give of waiting.splice(0)) give(data)
  }
  return { source, send, ended: ended.promise }
}

/** Opens the stream, and reads it piece by piece. */
async function openStream(url: string, headers: Record<string, string> = {}) {
  const client = new AbortController()
  const answer = await fetch(`${url}/api/events`, { headers, signal: client.signal })
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  return {
    answer,
    hangUp: () => client.abort(),
    /** What has come once it has `part`, or all of it for none. */
    async until(part?: string): Promise<string> {
      while (part === undefined || !text.includes(part)) {
        const { value = '', done } = (await reader?.read()) ?? { done: true }
        text += value
        if (done) break
      }
      return text
    },
  }
}

describe('a stream of events', () => {
  test('is sent as it happens, never kept, and not compressed', async () => {
    const { source, send } = channel()
    const server = await startServer({ routes: streaming(source) })
    const { answer, until } = await openStream(server.address(), { 'accept-encoding': 'gzip, br' })
    expect(answer.status).toBe(200)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    })
    expect(answer.headers.has('content-encoding')).toBe(false)
    expect(answer.headers.has('etag')).toBe(false)
    expect(await until('\n\n')).toMatch(/^retry: [1-5]\d{3}\n\n$/)
    await send('x'.repeat(5_000))
    expect(await until('data:')).toContain('data: x')
    await send('second\nline')
    expect(await until('line\n\n')).toMatch(/data: second\ndata: line\n\n$/)
  })

  test('ends with its source', async () => {
    const source: EventSource = async function* () {
      yield { id: '1', data: 'only' }
    }
    const server = await startServer({ routes: streaming(source) })
    const { until } = await openStream(server.address())
    expect(await until()).toMatch(/\n\nid: 1\ndata: only\n\n$/)
  })

  test('has a sign of life when there is nothing to tell', async () => {
    const { source } = channel()
    const server = await startServer({ routes: streaming(source, { heartbeatMs: 10 }) })
    const { until } = await openStream(server.address())
    expect(await until(':\n\n:\n\n')).toContain('\n\n:\n\n:\n\n')
  })

  test('is over after its time, so that the client comes again', async () => {
    const { source, ended } = channel()
    const server = await startServer({ routes: streaming(source, { lifetimeMs: 50 }) })
    const { until } = await openStream(server.address())
    expect(await until()).toMatch(/^retry: \d+\n\n$/)
    await ended
  })

  test('ends when its client goes, and counts as answered', async () => {
    const metrics = createMetrics()
    const { source, ended } = channel()
    const server = await startServer({ routes: streaming(source), metrics })
    const { hangUp } = await openStream(server.address())
    expect(await metrics.metrics()).toContain('http_event_streams_open 1')
    hangUp()
    await ended
    await vi.waitFor(async () => {
      const text = await metrics.metrics()
      expect(text).toContain('http_event_streams_open 0')
      // It took as long as it took to begin.
      expect(text).toMatch(
        /duration_seconds_bucket{le="1",method="GET",route="\/api\/events",status="200"} 1/,
      )
    })
  })

  test('ends when the server stops, and so does one that begins meanwhile', async () => {
    const { source, ended } = channel()
    const gate = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const routes = (app: App) => {
      streaming(source)(app)
      app.get('/api/late', { config: { access: 'public' }, schema: {} }, async (request, reply) => {
        begun.resolve()
        await gate.promise
        return sendEvents(request, reply, source)
      })
    }
    const server = await startServer({ routes })
    const { until } = await openStream(server.address())
    await until('retry')
    const late = fetch(`${server.address()}/api/late`)
    await begun.promise
    const stopped = server.stop()
    expect(await until()).toMatch(/^retry: \d+\n\n$/)
    await ended
    gate.resolve()
    // Not refused: a browser would not ask for it again.
    const answer = await late
    expect([answer.status, await answer.text()]).toEqual([200, ''])
    await stopped
  })

  test('breaks off when its source fails, which is logged', async () => {
    const lines: string[] = []
    const destination = { write: (line: string) => void lines.push(line) }
    const source: EventSource = async function* () {
      yield { data: 'first' }
      throw new Error('the store has gone')
    }
    const logger = createLogger({ level: 'warn', readable: false, destination })
    const server = await startServer({ routes: streaming(source), logger })
    const { until } = await openStream(server.address())
    await expect(until()).rejects.toThrow()
    expect(lines.join('')).toContain('the store has gone')
  })

  test('is no request in flight, and has its trace without its deadline', async () => {
    const seen: unknown[] = []
    const { source } = channel()
    const observed: EventSource = (signal) => {
      seen.push(currentContext())
      return source(signal)
    }
    const server = await startServer({ routes: streaming(observed), limits: { maxInFlight: 1 } })
    const { answer, until } = await openStream(server.address())
    await until('retry')
    expect((await fetch(`${server.address()}/api/books`)).status).toBe(200)
    const requestId = answer.headers.get('x-request-id')
    expect(seen).toEqual([{ requestId, traceparent: expect.stringMatching(/^00-/) }])
  })

  test('is asked for no more than its client reads, who is cut off when it does not read at all', async () => {
    let given = 0
    const gone = Promise.withResolvers<void>()
    const source: EventSource = async function* () {
      try {
        for (;;) yield { data: `${given++} ${'x'.repeat(100_000)}` }
      } finally {
        gone.resolve()
      }
    }
    const options = { heartbeatMs: 10 }
    const server = await startServer({ routes: streaming(source, options), limits: { answerStallMs: 300 } })
    const socket = await openSocket(server)
    socket.pause()
    socket.write(head('GET', '/api/events'))
    await gone.promise
    // What the kernel keeps for the two sockets, and no more.
    expect(given).toBeLessThan(200)
  })

  test('is not begun for HEAD', async () => {
    let begun = 0
    const source: EventSource = (signal) => {
      begun++
      return channel().source(signal)
    }
    const { app } = await createServer({ routes: streaming(source) })
    const answer = await app.inject({ method: 'HEAD', url: '/api/events' })
    expect([answer.statusCode, answer.headers['content-type'], begun]).toEqual([200, 'text/event-stream', 0])
  })

  test('is not begun for a client that has gone', async () => {
    const metrics = createMetrics()
    const begun = Promise.withResolvers<void>()
    const gate = Promise.withResolvers<void>()
    const answered = Promise.withResolvers<void>()
    let opened = 0
    const source: EventSource = (signal) => {
      opened++
      return channel().source(signal)
    }
    const routes = (app: App) => {
      app.get('/api/events', { config: { access: 'public' }, schema: {} }, async (request, reply) => {
        begun.resolve()
        await gate.promise
        sendEvents(request, reply, source)
        answered.resolve()
        return reply
      })
    }
    const server = await startServer({ routes, metrics })
    const socket = await openSocket(server)
    socket.write(head('GET', '/api/events'))
    await begun.promise
    socket.destroy()
    await vi.waitFor(async () => expect(await metrics.metrics()).toContain('status="499"} 1'))
    gate.resolve()
    await answered.promise
    expect(opened).toBe(0)
    expect(await metrics.metrics()).toContain('http_event_streams_open 0')
  })

  test('is described with its media type', async () => {
    const { app } = await createServer({ routes: streaming(channel().source) })
    const document = (await app.inject({ url: '/openapi.json' })).json()
    const { responses } = document.paths['/api/events'].get
    expect(responses['200']).toEqual({
      description: 'What happens, as it happens',
      content: { 'text/event-stream': { schema: { type: 'string' } } },
    })
    expect(responses).toHaveProperty('503')
  })
})

describe('streams of events', () => {
  const staff = { authorization: 'Bearer staff' }
  const customer = { authorization: 'Bearer customer' }

  test('above the bound are refused until one has ended', async () => {
    const metrics = createMetrics()
    const { source } = channel()
    const server = await startServer({ routes: streaming(source), metrics, limits: { eventStreams: 1 } })
    const first = await openStream(server.address())
    const { answer, until } = await openStream(server.address(), staff)
    expect(JSON.parse(await until())).toMatchObject({ status: 503, code: 'overloaded' })
    expect(answer.headers.get('retry-after')).toBe('60')
    expect(await metrics.metrics()).toContain('http_requests_shed_total{reason="event_streams"} 1')
    first.hangUp()
    await vi.waitFor(async () => expect((await openStream(server.address(), staff)).answer.status).toBe(200))
  })

  test('of one client, and of one account, are bounded', async () => {
    const metrics = createMetrics()
    const { source } = channel()
    const limits = { eventStreamsPerClient: 2 }
    const server = await startServer({ routes: streaming(source), metrics, limits })
    const statusOf = async (headers = {}) => (await openStream(server.address(), headers)).answer.status
    const first = await openStream(server.address())
    expect([await statusOf(), await statusOf()]).toEqual([200, 429])
    expect([await statusOf(staff), await statusOf(staff)]).toEqual([200, 200])
    const { until } = await openStream(server.address(), staff)
    expect(JSON.parse(await until())).toMatchObject({
      code: 'rate_limited',
      detail: 'this account has 2 streams of events open: close one first',
    })
    expect(await statusOf(customer)).toBe(200)
    const text = await metrics.metrics()
    expect(text).toContain('http_requests_rate_limited_total{scope="client"} 1')
    expect(text).toContain('http_requests_rate_limited_total{scope="account"} 1')
    first.hangUp()
    await vi.waitFor(async () => expect(await statusOf()).toBe(200))
  })
})
