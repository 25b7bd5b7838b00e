import { once } from 'node:events'
import { createLogger, createMetrics } from '@colophon/runtime'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { App } from '../src/index.ts'
import { exchange, head, openSocket, parseAnswer, readAll, readAnswer } from './sockets.ts'
import { startServer } from './support.ts'

const json = { 'content-type': 'application/json' }

function codeOf({ headers, body }: { headers: Readonly<Record<string, string>>; body: string }): string {
  expect(headers['content-type']).toBe('application/problem+json')
  expect(headers['x-request-id']).toMatch(/^[\w.-]+$/)
  return JSON.parse(body).code
}

describe('what the parser refuses', () => {
  test.each([
    ['no HTTP at all', 'ONCE UPON A TIME\r\n\r\n', 400, 'malformed_request'],
    ['a header without a colon', 'GET / HTTP/1.1\r\nhost: x\r\nnonsense\r\n\r\n', 400, 'malformed_request'],
    ['no Host', 'GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n', 400, 'malformed_request'],
    ['no version', 'GET /healthz\r\n\r\n', 400, 'malformed_request'],
    ['two Hosts', head('GET', '/', { Host: 'y', connection: 'close' }), 400, 'malformed_request'],
    [
      'two lengths of one body',
      'POST /api/books HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      'malformed_request',
    ],
    ['headers that are too large', head('GET', '/', { x: 'x'.repeat(17_000) }), 431, 'headers_too_large'],
    ['a URL beyond the headers', head('GET', `/${'x'.repeat(20_000)}`), 431, 'headers_too_large'],
    ['a tunnel', head('CONNECT', 'example.org:443'), 405, 'method_not_allowed'],
  ])('%s', async (_, text, status, code) => {
    const server = await startServer()
    const answer = await exchange(server, text)
    expect(answer.status).toBe(status)
    expect(codeOf(answer)).toBe(code)
    expect(answer.headers.connection).toBe('close')
  })

  test('too many headers, and a URL that is too long', async () => {
    const server = await startServer({ limits: { urlBytes: 200, headerCount: 50 } })
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`x-${index}`, 'y']))
    expect(await fetchCode(`${server.address()}/healthz`, { headers: many })).toEqual([
      431,
      'headers_too_large',
    ])
    expect(await fetchCode(`${server.address()}/${'x'.repeat(300)}`)).toEqual([414, 'uri_too_long'])
  })
})

async function fetchCode(url: string, init: RequestInit = {}): Promise<[number, string]> {
  const response = await fetch(url, init)
  const { code } = (await response.json()) as { code: string }
  return [response.status, code]
}

describe('slow requests', () => {
  const limits = { headersMs: 300, bodyMs: 300 }

  test('headers that never end', async () => {
    const server = await startServer({ limits })
    const answer = await exchange(server, 'GET /healthz HTTP/1.1\r\nhost: x\r\n')
    expect([answer.status, codeOf(answer)]).toEqual([408, 'request_timeout'])
  })

  test('a connection that says nothing', async () => {
    const server = await startServer({ limits })
    const socket = await openSocket(server)
    expect(parseAnswer(await readAll(socket)).status).toBe(408)
  })

  test('a body that never ends', async () => {
    const server = await startServer({ limits })
    const answer = await exchange(
      server,
      `${head('POST', '/api/books', { ...json, 'content-length': 100 })}{"title":`,
    )
    expect([answer.status, codeOf(answer)]).toEqual([408, 'request_timeout'])
    expect(answer.headers.connection).toBe('close')
  })
})

describe('an answer that is not read', () => {
  const large = 'x'.repeat(2 ** 24)

  test('closes its connection, however many requests were sent on it, and a handler may take longer', async () => {
    const gate = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const config = { access: 'public' } as const
    const routes = (app: App) => {
      app.get('/api/large', { config, schema: {} }, async (_, reply) => reply.type('text/plain').send(large))
      app.get('/api/wait', { config, schema: {} }, async () => {
        begun.resolve()
        await gate.promise
        return {}
      })
    }
    const metrics = createMetrics()
    const server = await startServer({ routes, metrics, limits: { answerStallMs: 200 } })
    const waiting = await openSocket(server)
    waiting.write(head('GET', '/api/wait'))
    await begun.promise
    const deaf = await openSocket(server)
    deaf.pause()
    deaf.write(head('GET', '/api/large').repeat(4))
    const inFlight = async (count: number) =>
      expect(await metrics.metrics()).toContain(`http_requests_in_flight ${count}\n`)
    await vi.waitFor(() => inFlight(5))
    await vi.waitFor(() => inFlight(1), { timeout: 10_000 })
    // By now it has stood still for longer than the other did.
    const answer = readAnswer(waiting)
    gate.resolve()
    expect((await answer).status).toBe(200)
  })

  test('goes on for as long as some of it is taken', async () => {
    const routes = (app: App) => {
      const config = { access: 'public' } as const
      app.get('/api/large', { config, schema: {} }, async (_, reply) => reply.type('text/plain').send(large))
    }
    const server = await startServer({ routes, limits: { answerStallMs: 400 } })
    const socket = await openSocket(server)
    let taken = 0
    socket.on('data', (chunk) => {
      taken += chunk.length
      socket.pause()
    })
    const reading = setInterval(() => socket.resume(), 2)
    onTestFinished(() => clearInterval(reading))
    socket.write(head('GET', '/api/large', { connection: 'close' }))
    await once(socket, 'close')
    expect(taken).toBeGreaterThan(large.length)
  })
})

describe('large bodies', () => {
  test('one whose length is announced is refused before it is sent', async () => {
    const server = await startServer()
    const headers = { ...json, 'content-length': 2_000_000, expect: '100-continue' }
    const answer = await exchange(server, head('POST', '/api/books', headers))
    expect([answer.status, codeOf(answer)]).toEqual([413, 'body_too_large'])
    expect(answer.headers.connection).toBe('close')
  })

  test('a client that waits is asked for a body that is wanted', async () => {
    const server = await startServer()
    const socket = await openSocket(server)
    const body = JSON.stringify({ title: 'Emma', pages: 7 })
    const headers = { ...json, 'content-length': body.length, expect: '100-continue' }
    socket.write(head('POST', '/api/books', headers))
    const [asked] = await once(socket, 'data')
    expect(String(asked)).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    socket.write(body)
    expect((await readAnswer(socket)).status).toBe(201)
  })

  test('two gigabytes in chunks are cut off at the limit', async () => {
    const server = await startServer()
    const socket = await openSocket(server)
    const closed = readAll(socket)
    socket.write(head('POST', '/api/books', { ...json, 'transfer-encoding': 'chunked' }))
    const before = process.memoryUsage().arrayBuffers
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65_536, 32), Buffer.from('\r\n')])
    let sent = 0
    while (socket.writable && sent < 2 ** 31) {
      sent += chunk.length
      if (!socket.write(chunk))
        await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => null)
    }
    const answer = parseAnswer(await closed)
    expect([answer.status, codeOf(answer)]).toEqual([413, 'body_too_large'])
    // What fits into the buffers of the sockets, and not what was meant to be sent.
    expect(sent).toBeLessThan(64 * 2 ** 20)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 2 ** 20)
  })

  test('a body that is not read does not keep its connection', async () => {
    const server = await startServer()
    const socket = await openSocket(server)
    socket.write(head('GET', '/healthz', { 'content-length': 10_000_000 }))
    expect(parseAnswer(await readAll(socket)).headers.connection).toBe('close')
  })
})

describe('bodies that break', () => {
  test('chunks without anything in them', async () => {
    const server = await startServer()
    const headers = { ...json, 'transfer-encoding': 'chunked', connection: 'close' }
    const answer = await exchange(server, `${head('POST', '/api/books', headers)}0\r\n\r\n`)
    expect([answer.status, codeOf(answer)]).toEqual([400, 'body_required'])
  })

  test('a body that is cut off is no error of the server', async () => {
    const lines: string[] = []
    const destination = { write: (line: string) => void lines.push(line) }
    const server = await startServer({
      logger: createLogger({ level: 'info', readable: false, destination }),
    })
    const socket = await openSocket(server)
    socket.write(`${head('POST', '/api/books', { ...json, 'content-length': 100 })}{"title":`)
    socket.end()
    socket.destroy()
    await vi.waitFor(() => expect(lines.join('')).toContain('"status":499'))
    expect(lines.join('')).not.toMatch(/"level":"(error|warn|fatal)"/)
  })

  test('a chunk that is not one', async () => {
    const server = await startServer()
    const start = head('POST', '/api/books', { ...json, 'transfer-encoding': 'chunked' })
    const answer = await exchange(server, `${start}zz\r\n{}\r\n`)
    expect([answer.status, codeOf(answer)]).toEqual([400, 'malformed_request'])
  })

  test('the server goes on answering after all of it', async () => {
    const server = await startServer()
    for (const text of ['\0\0\0', 'GET', head('POST', '/api/books', { 'content-length': -1 })]) {
      const socket = await openSocket(server)
      socket.end(text)
      await readAll(socket)
    }
    expect((await fetch(`${server.address()}/healthz`)).status).toBe(200)
  })
})
