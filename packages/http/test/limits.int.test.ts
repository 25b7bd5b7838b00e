import { createMetrics } from '@colophon/runtime'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { type App, sessionCookie } from '../src/index.ts'
import { watchLoad } from '../src/limits/load.ts'
import { head, openSocket } from './sockets.ts'
import { createServer, people, shelf, startServer } from './support.ts'

describe('rates', () => {
  let now = 1_700_000_000_000
  const clock = () => now
  const limits = { clientRate: { burst: 3, perMinute: 60 }, accountRate: { burst: 2, perMinute: 60 } }

  test('of a client are limited, and it is told where it stands', async () => {
    const metrics = createMetrics()
    const { app } = await createServer({ limits, clock, metrics })
    const ask = () => app.inject({ url: '/api/books' })
    const first = await ask()
    expect(first.headers['ratelimit-policy']).toBe('"client";q=3;w=3')
    expect(first.headers.ratelimit).toBe('"client";r=2')
    await ask()
    await ask()
    const refused = await ask()
    expect(refused.json()).toMatchObject({ status: 429, code: 'rate_limited' })
    expect(refused.headers['retry-after']).toBe('1')
    expect(refused.headers.ratelimit).toBe('"client";r=0;t=1')
    now += 1_000
    expect((await ask()).statusCode).toBe(200)
    expect(await metrics.metrics()).toContain('http_requests_rate_limited_total{scope="client"} 1')
  })

  test.each([
    { burst: 1_000, perMinute: 6_000 },
    { burst: 167, perMinute: 1_000 },
    { burst: 20, perMinute: 7 },
  ])('let through what the policy of %j promises, all at once, window by window', async (clientRate) => {
    const { app } = await createServer({ limits: { ...limits, clientRate }, clock })
    const ask = () => app.inject({ url: '/api/books' })
    const { headers } = await ask()
    const [, quota = 0, window = 0] =
      /^"client";q=(\d+);w=(\d+)$/.exec(String(headers['ratelimit-policy']))?.map(Number) ?? []
    expect(headers.ratelimit).toBe(`"client";r=${quota - 1}`)
    for (let asked = 1; asked < quota; asked++) await ask()
    expect((await ask()).statusCode).toBe(429)
    now += window * 1_000
    for (let asked = 0; asked < quota; asked++) expect((await ask()).statusCode).toBe(200)
  })

  test('count what is not found and tokens that are guessed, and not health', async () => {
    const { app } = await createServer({ limits, clock })
    const guess = { authorization: 'Bearer guess' }
    expect((await app.inject({ url: '/nope' })).statusCode).toBe(404)
    expect((await app.inject({ url: '/api/books', headers: guess })).statusCode).toBe(401)
    expect((await app.inject({ url: '/nope' })).statusCode).toBe(404)
    expect((await app.inject({ url: '/api/books', headers: guess })).statusCode).toBe(429)
    expect((await app.inject({ url: '/nope' })).statusCode).toBe(429)
    expect((await app.inject({ url: '/healthz' })).statusCode).toBe(200)
  })

  test('of an account are limited wherever it asks from', async () => {
    const { app } = await createServer({ limits, clock, trustProxy: true })
    const ask = (token: string, address: string) => {
      const headers = { authorization: `Bearer ${token}`, 'x-forwarded-for': address }
      return app.inject({ url: '/api/books', headers })
    }
    expect((await ask('staff', '192.0.2.1')).statusCode).toBe(200)
    expect((await ask('staff', '192.0.2.2')).headers.ratelimit).toBe('"client";r=2, "account";r=0')
    expect((await ask('staff', '192.0.2.3')).statusCode).toBe(429)
    expect((await ask('customer', '192.0.2.3')).statusCode).toBe(200)
  })

  test('believe no address that a client makes up', async () => {
    const { app } = await createServer({ limits, clock })
    const ask = (address: string) =>
      app.inject({ url: '/api/books', headers: { 'x-forwarded-for': address } })
    for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.3']) await ask(address)
    expect((await ask('192.0.2.4')).statusCode).toBe(429)
  })

  test('may be off', async () => {
    const { app } = await createServer({ limits: { clientRate: null, accountRate: null } })
    expect((await app.inject({ url: '/api/books' })).headers).not.toHaveProperty('ratelimit')
  })
})

describe('load', () => {
  test('above the bound is shed, and health is not', async () => {
    const metrics = createMetrics()
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    const routes = (app: App) => {
      shelf(app)
      const config = { access: 'public' } as const
      app.get('/api/wait', { config, schema: {} }, async () => {
        await gate
        return {}
      })
    }
    const { app } = await createServer({ routes, metrics, limits: { maxInFlight: 2 } })
    await app.ready()
    // An injected request begins when its answer is asked for.
    const begin = (url: string) => app.inject({ url }).then((answer) => answer)
    const waiting = [1, 2].map(() => begin('/api/wait'))
    const shed = await app.inject({ url: '/api/books' })
    expect(shed.json()).toMatchObject({ status: 503, code: 'overloaded' })
    expect(shed.headers['retry-after']).toBe('1')
    expect((await app.inject({ url: '/nope' })).statusCode).toBe(503)
    expect((await app.inject({ url: '/readyz' })).statusCode).toBe(200)
    expect(await metrics.metrics()).toContain('http_requests_in_flight 2')
    open()
    for (const answer of waiting) expect((await answer).statusCode).toBe(200)
    expect((await app.inject({ url: '/api/books' })).statusCode).toBe(200)
    expect(await metrics.metrics()).toContain('http_requests_shed_total{reason="in_flight"} 2')
  })

  test('is work that goes on, though the clients that asked for it have hung up', async () => {
    const metrics = createMetrics()
    const inFlight = async () => /http_requests_in_flight (\d+)/.exec(await metrics.metrics())?.[1]
    const work = Promise.withResolvers<void>()
    let begun = 0
    const routes = (app: App) => {
      app.get('/api/work', { config: { access: 'public' }, schema: {} }, async () => {
        begun++
        await work.promise
        return {}
      })
    }
    const server = await startServer({ routes, metrics, limits: { maxInFlight: 3 } })
    for (const expected of [1, 2, 3]) {
      const socket = await openSocket(server)
      socket.write(head('GET', '/api/work'))
      await vi.waitFor(() => expect(begun).toBe(expected))
      socket.destroy()
    }
    // The server has seen them hang up.
    await vi.waitFor(async () => expect(await metrics.metrics()).toContain('status="499"} 3'))
    expect((await fetch(`${server.address()}/api/work`)).status).toBe(503)
    expect([begun, await inFlight()]).toEqual([3, '3'])
    work.resolve()
    await vi.waitFor(async () => expect(await inFlight()).toBe('0'))
    expect((await fetch(`${server.address()}/api/work`)).status).toBe(200)
  })

  test('is also finding out who asks', async () => {
    const found = Promise.withResolvers<null>()
    const identify = { ...people, session: () => found.promise }
    const { app } = await createServer({ identify, limits: { maxInFlight: 1 } })
    await app.ready()
    const first = app
      .inject({ url: '/api/books', cookies: { [sessionCookie]: 'x' } })
      .then((answer) => answer)
    expect((await app.inject({ url: '/api/books' })).statusCode).toBe(503)
    found.resolve(null)
    expect((await first).statusCode).toBe(200)
    expect((await app.inject({ url: '/api/books' })).statusCode).toBe(200)
  })

  test('shows in an event loop that is late round after round, and not in one pause', async () => {
    const load = watchLoad({ maxInFlight: 10, eventLoopDelayMs: 100 })
    onTestFinished(() => load.stop())
    const round = async (pauseMs: number) => {
      const until = performance.now() + pauseMs
      while (performance.now() < until) Math.sqrt(until)
      const overload = load.overload()
      // The timers that are due, the watch's among them, run before this one.
      await new Promise((resolve) => setTimeout(resolve, 1))
      return overload
    }
    expect(await round(300)).toBeUndefined()
    expect(await round(300)).toBe('event_loop')
    expect(await round(300)).toBe('event_loop')
    await vi.waitFor(async () => {
      await round(0)
      expect(await round(300)).toBeUndefined()
    })
  })
})
