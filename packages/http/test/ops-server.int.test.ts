import { createLogger, createMetrics, Gauge } from '@colophon/runtime'
import { expect, onTestFinished, test } from 'vitest'
import { createOpsServer, type Readiness } from '../src/index.ts'
import { exchange } from './sockets.ts'

async function start(readiness: () => Readiness, metrics = createMetrics({ service: 'shelf' })) {
  const server = await createOpsServer({
    host: '127.0.0.1',
    port: 0,
    metrics,
    readiness,
    logger: createLogger({ level: 'silent', readable: false }),
    version: '1.2.3',
  })
  await server.start()
  onTestFinished(() => server.stop())
  return server
}

test('operators see the metrics and the health', async () => {
  const server = await start(() => ({ ready: true, stores: { database: 'up' } }))
  const ask = (path: string, init?: RequestInit) => fetch(`${server.address()}${path}`, init)
  const metrics = await ask('/metrics')
  expect(metrics.headers.get('content-type')).toMatch(/^text\/plain; version=0.0.4/)
  expect(await metrics.text()).toContain('process_cpu_seconds_total{service="shelf"}')
  expect(await (await ask('/healthz')).json()).toEqual({ status: 'ok', version: '1.2.3' })
  expect(await (await ask('/readyz?verbose')).json()).toEqual({ status: 'ready', stores: { database: 'up' } })
  expect((await ask('/healthz', { method: 'HEAD' })).status).toBe(200)
})

test('what is refused is a problem, as on the public port', async () => {
  const server = await start(() => ({ ready: true, stores: {} }))
  const ask = (path: string, init?: RequestInit) => fetch(`${server.address()}${path}`, init)
  const unknown = await ask('/nope?x=1', { headers: { 'x-request-id': 'r1' } })
  expect(unknown.headers.get('content-type')).toBe('application/problem+json')
  expect(await unknown.json()).toEqual({
    type: '/problems/not_found',
    title: 'Nothing is here',
    status: 404,
    code: 'not_found',
    detail: 'here are /metrics, /healthz, /readyz',
    instance: '/nope',
    requestId: 'r1',
  })
  const refused = await ask('/metrics', { method: 'POST' })
  expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  expect(await refused.json()).toMatchObject({ code: 'method_not_allowed' })
  const garbled = await exchange(server, 'GET\r\n\r\n')
  expect([garbled.status, JSON.parse(garbled.body).code]).toEqual([400, 'malformed_request'])
})

test('metrics that cannot be read are a problem', async () => {
  const metrics = createMetrics()
  new Gauge({
    name: 'broken',
    help: 'never known',
    registers: [metrics],
    collect: () => Promise.reject(new Error('not now')),
  })
  const server = await start(() => ({ ready: true, stores: {} }), metrics)
  const answer = await fetch(`${server.address()}/metrics`)
  expect([answer.status, await answer.json()]).toEqual([
    500,
    expect.objectContaining({ code: 'internal_error' }),
  ])
})

test('not ready, and a question that fails, are 503', async () => {
  const down = await start(() => ({ ready: false, stores: { database: 'down' } }))
  const answer = await fetch(`${down.address()}/readyz`)
  expect([answer.status, await answer.json()]).toEqual([
    503,
    { status: 'not_ready', stores: { database: 'down' } },
  ])
  const failing = await start(() => {
    throw new Error('no idea')
  })
  expect((await fetch(`${failing.address()}/readyz`)).status).toBe(503)
})

test('a port that is taken is named with its own setting', async () => {
  const first = await start(() => ({ ready: true, stores: {} }))
  const port = Number(new URL(first.address()).port)
  const options = { host: '127.0.0.1', port, version: '1', readiness: () => ({ ready: true, stores: {} }) }
  const logger = createLogger({ level: 'silent', readable: false })
  const second = await createOpsServer({ ...options, logger, metrics: createMetrics() })
  await expect(second.start()).rejects.toThrow(
    `port ${port} on 127.0.0.1 is taken by another program: stop it or set OPS_PORT`,
  )
})
