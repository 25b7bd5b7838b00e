import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import type { HttpServer } from '../src/index.ts'

/** What listens. */
type Listening = Pick<HttpServer, 'address'>

/** A raw answer, read until the server closes or the text of `until` has come. */
export interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export async function openSocket(server: Listening): Promise<Socket> {
  const { hostname, port } = new URL(server.address())
  const socket = connect(Number(port), hostname)
  // A server that refuses may reset the connection while the attack is still being sent.
  socket.on('error', () => undefined)
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** Sends `text` as it is and reads what comes until the server closes the connection. */
export async function exchange(server: Listening, text: string | Buffer): Promise<RawAnswer> {
  const socket = await openSocket(server)
  socket.write(text)
  return parseAnswer(await readAll(socket))
}

export async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  // Not "once", which fails when the server resets the connection.
  await new Promise((resolve) => (socket.closed ? resolve(undefined) : socket.once('close', resolve)))
  return Buffer.concat(chunks).toString()
}

/** Reads until an answer with a content-length is complete, and leaves the connection open. */
export function readAnswer(socket: Socket): Promise<RawAnswer> {
  const { promise, resolve } = Promise.withResolvers<RawAnswer>()
  let text = ''
  socket.on('data', function read(chunk: Buffer) {
    text += chunk
    const answer = parseAnswer(text)
    if (!text.includes('\r\n\r\n') || answer.body.length < Number(answer.headers['content-length'])) return
    socket.off('data', read)
    resolve(answer)
  })
  return promise
}

export function parseAnswer(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n')
  const [statusLine = '', ...lines] = text.slice(0, end).split('\r\n')
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
  return { status: Number(statusLine.split(' ')[1]), headers, body: text.slice(end + 4) }
}

/** The head of a request with a bearer token of staff. */
export function head(method: string, path: string, headers: Record<string, string | number> = {}): string {
  const all = { host: 'shelf', authorization: 'Bearer staff', ...headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`
}
