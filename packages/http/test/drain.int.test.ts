import { once } from 'node:events'
import { createServer as createTcpServer } from 'node:net'
import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import type { App } from '../src/index.ts'
import { head, openSocket, parseAnswer, readAll, readAnswer } from './sockets.ts'
import { startServer } from './support.ts'

/** A route that answers when the test says so, and tells when it has begun. */
function gate() {
  const begun = Promise.withResolvers<void>()
  const opened = Promise.withResolvers<void>()
  const routes = (app: App) => {
    app.get('/api/wait', { config: { access: 'public' }, schema: {} }, async () => {
      begun.resolve()
      await opened.promise
      return { done: true }
    })
  }
  return { routes, begun: begun.promise, open: opened.resolve }
}

describe('stopping', () => {
  test('finishes what is in flight and takes nothing new', async () => {
    const { routes, begun, open } = gate()
    const server = await startServer({ routes })
    const url = server.address()
    const idle = await openSocket(server)
    idle.write(head('GET', '/healthz'))
    await readAnswer(idle)
    const waiting = fetch(`${url}/api/wait`)
    await begun
    const idleClosed = readAll(idle)
    const stopped = server.stop()
    await idleClosed
    expect(await server.readiness()).toEqual({ ready: false, stores: { database: 'up' } })
    await expect(fetch(`${url}/healthz`)).rejects.toThrow()
    open()
    const answer = await waiting
    expect(answer.headers.get('connection')).toBe('close')
    expect(await answer.json()).toEqual({ done: true })
    await stopped
  })

  test('serves what still arrives on a connection that is busy', async () => {
    const { routes, begun, open } = gate()
    const server = await startServer({ routes })
    const socket = await openSocket(server)
    socket.write(head('GET', '/api/wait'))
    await begun
    const stopped = server.stop()
    socket.write(head('GET', '/readyz'))
    const all = readAll(socket)
    open()
    expect(parseAnswer(await all)).toMatchObject({ status: 200, headers: { connection: 'close' } })
    await stopped
  })

  test('cuts what takes too long', async () => {
    const { routes, begun } = gate()
    const server = await startServer({ routes, limits: { drainMs: 50 } })
    const waiting = fetch(`${server.address()}/api/wait`)
    const failed = expect(waiting).rejects.toThrow()
    await begun
    await server.stop()
    await failed
  })

  test('closes a connection whose stream had begun before, once the stream ends', async () => {
    const source = new Readable({ read() {} })
    const routes = (app: App) => {
      app.get('/api/stream', { config: { access: 'public' }, schema: {} }, async (_, reply) => {
        reply.type('text/event-stream')
        return source
      })
    }
    const server = await startServer({ routes })
    const socket = await openSocket(server)
    socket.write(head('GET', '/api/stream'))
    source.push('data: 1\n\n')
    await once(socket, 'data')
    const stopped = server.stop()
    source.push(null)
    await stopped
  })

  test.each([
    ['has sent nothing', ''],
    ['has sent half a head', 'GET /healthz HTTP/1.1\r\nHos'],
    ['has begun another request', `${head('GET', '/healthz')}GET /hea`],
  ])('closes a connection at once that %s', async (_, sent) => {
    const { routes, begun, open } = gate()
    const server = await startServer({ routes })
    const socket = await openSocket(server)
    socket.write(sent)
    if (sent.includes('\r\n\r\n')) await readAnswer(socket)
    // By the time this has begun, the server has seen what was sent before.
    const waiting = fetch(`${server.address()}/api/wait`)
    await begun
    const closed = readAll(socket)
    const stopped = server.stop()
    expect(await closed).toBe('')
    open()
    expect((await waiting).status).toBe(200)
    await stopped
  })

  test('waits for a body as long as it goes on arriving', async () => {
    const server = await startServer({ limits: { drainBodyMs: 500 } })
    const arriving = await openSocket(server)
    const standing = await openSocket(server)
    const body = JSON.stringify({ title: 'Emma', pages: 7 })
    for (const socket of [arriving, standing]) {
      const headers = { 'content-type': 'application/json', 'content-length': body.length }
      socket.write(head('POST', '/api/books', { ...headers, expect: '100-continue' }))
      const [asked] = await once(socket, 'data')
      expect(String(asked)).toContain('100 Continue')
      socket.write(body.slice(0, 2))
    }
    let sent = 2
    const trickle = setInterval(() => arriving.write(body.slice(sent, ++sent)), 50)
    const [answered, cut] = [readAll(arriving), readAll(standing)]
    await server.stop()
    clearInterval(trickle)
    expect(parseAnswer(await answered)).toMatchObject({ status: 201, body, headers: { connection: 'close' } })
    expect(await cut).toBe('')
  })

  test('may be asked for twice, and before the start', async () => {
    const server = await startServer()
    await Promise.all([server.stop(), server.stop()])
  })
})

test('a port that is taken is named, with what to do', async () => {
  const other = createTcpServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as { port: number }
  await expect(startServer({ port })).rejects.toThrow(
    `port ${port} on 127.0.0.1 is taken by another program: stop it or set PORT`,
  )
  other.close()
})

test('an address of another machine is named', async () => {
  await expect(startServer({ host: '192.0.2.1' })).rejects.toThrow(
    '192.0.2.1 is not an address of this machine',
  )
})

test('the name of this machine is its IPv4 address', async () => {
  const server = await startServer({ host: 'localhost' })
  expect(server.address()).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
})
