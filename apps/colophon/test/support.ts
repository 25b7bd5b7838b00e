import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { Readable, Writable } from 'node:stream'
import type { TestDatabase } from '@colophon/postgres/testing'
import type { Io } from '../src/io.ts'
import { run } from '../src/run.ts'

/** How a command ended and what it said. */
export interface Ended {
  code: number
  stdout: string
  stderr: string
}

/** What a command is given. */
export interface Given {
  environment?: Record<string, string>
  stdin?: string
  /** Standard output and standard error are a terminal of 80 columns. */
  terminal?: boolean
}

export const secretKey = randomBytes(32).toString('base64url')

/** A command that runs in this process. */
export interface Running {
  /** What it has said so far. */
  stdout(): string
  stderr(): string
  /** As Ctrl-C does. */
  interrupt(): void
  ended: Promise<Ended>
}

/** Starts a command line in this process. */
export function startHere(args: readonly string[], given: Given = {}): Running {
  const { environment = {}, stdin = '', terminal = false } = given
  const stdout = collector(terminal)
  const stderr = collector(terminal)
  const interruption = new AbortController()
  const io: Io = {
    environment,
    stdin: Readable.from([Buffer.from(stdin)]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    interrupted: interruption.signal,
  }
  const end = async () => ({ code: await run(args, io), stdout: stdout.text(), stderr: stderr.text() })
  return {
    stdout: stdout.text,
    stderr: stderr.text,
    interrupt: () => interruption.abort(new Error('stopped by SIGINT')),
    ended: end(),
  }
}

/** Runs a command line in this process to its end. */
export function colophon(args: readonly string[], given: Given = {}): Promise<Ended> {
  return startHere(args, given).ended
}

/** DATABASE_URL of a test's database: a socket's folder can stand in a URL's query. */
export function urlOf({ connection }: TestDatabase): string {
  if ('url' in connection) return connection.url
  const { host, port, user, database } = connection
  return `postgres://${user}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`
}

/** A stream that keeps what is written to it. */
export function collector(isTTY: boolean) {
  const chunks: string[] = []
  const writable = new Writable({
    write(chunk, _, done) {
      chunks.push(String(chunk))
      done()
    },
  })
  return { stream: Object.assign(writable, { isTTY, columns: 80 }), text: () => chunks.join('') }
}

/** A port that a server has, which hangs up on everybody, until `close`. */
export async function takePort(port = 0): Promise<{ port: number; close(): Promise<void> }> {
  const server = createServer((socket) => socket.destroy())
  await once(server.listen(port, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not listening on a port')
  return {
    port: address.port,
    async close() {
      if (server.listening) await once(server.close(), 'close')
    },
  }
}
