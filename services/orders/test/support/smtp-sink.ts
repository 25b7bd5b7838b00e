// A mail server that keeps what it gets and misbehaves as told (RFC 5321, as far as clients need it).
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import { onTestFinished } from 'vitest'
import { testCertificate } from './smtp-certificate.ts'

/** A command as the server got it, by its verb: `RCPT TO:<a@b>`. */
export type Reply = string | 'hang' | 'die' | undefined

export interface SinkOptions {
  /** What is said to a command in place of the usual; `.` is the end of a text, '' the greeting. */
  answer?: (command: string) => Reply
  /** Offered beyond the usual, such as STARTTLS. */
  extensions?: readonly string[]
}

export interface Received {
  from: string
  to: string[]
  /** As it came, with its headers, each unfolded. */
  raw: string
  headers: Record<string, string>
  /** Decoded. */
  text: string
  isEncrypted: boolean
}

export interface SmtpSink {
  url: string
  port: number
  mails: Received[]
  /** Every line of every client but those of texts; after a `TLS ` where it was encrypted. */
  commands: string[]
  /** Connections so far. */
  connections: number
  stop(): Promise<void>
}

/** Starts one; it ends with the test. */
export async function startSmtpSink({
  answer = () => undefined,
  extensions = [],
}: SinkOptions = {}): Promise<SmtpSink> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sink.connections++
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    serve(socket, false, { sink, answer, extensions })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const sink: SmtpSink = {
    url: `smtp://127.0.0.1:${port}`,
    port,
    mails: [],
    commands: [],
    connections: 0,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
  onTestFinished(sink.stop)
  return sink
}

interface Session extends Required<SinkOptions> {
  sink: SmtpSink
}

function serve(socket: Socket, isEncrypted: boolean, session: Session): void {
  const { sink, answer, extensions } = session
  let envelope = { from: '', to: [] as string[] }
  let data: string[] | undefined
  let buffered = ''
  socket.on('error', () => socket.destroy())
  socket.on('data', function read(chunk: Buffer) {
    buffered += chunk.toString('latin1')
    const lines = buffered.split('\r\n')
    buffered = lines.pop() ?? ''
    for (const line of lines) {
      if (data === undefined) command(line)
      else if (line === '.') finish(data)
      else data.push(line.replace(/^\./, ''))
    }
  })
  if (!isEncrypted) reply('', '220 sink')

  function reply(to: string, usual: string): boolean {
    const given = answer(to) ?? usual
    if (given === 'die') socket.destroy()
    else if (given !== 'hang') socket.write(`${given}\r\n`)
    return given === usual
  }

  function command(line: string): void {
    sink.commands.push(isEncrypted ? `TLS ${line}` : line)
    const verb = (/^(\w+)( TO| FROM)?/.exec(line)?.[0] ?? '').toUpperCase()
    const address = /<(.*)>/.exec(line)?.[1] ?? ''
    if (verb === 'MAIL FROM') envelope = { from: address, to: [] }
    if (verb === 'RCPT TO') envelope.to.push(address)
    const offers = isEncrypted ? extensions.filter((name) => name !== 'STARTTLS') : extensions
    const usual: Record<string, string> = {
      EHLO: ['250-sink', ...offers.map((name) => `250-${name}`), '250 AUTH PLAIN'].join('\r\n'),
      STARTTLS: '220 go ahead',
      AUTH: '235 welcome',
      DATA: '354 go ahead',
      QUIT: '221 bye',
    }
    const isUsual = reply(line, usual[verb] ?? '250 ok')
    if (isUsual && verb === 'DATA') data = []
    if (isUsual && verb === 'STARTTLS') encrypt()
  }

  function finish(lines: string[]): void {
    data = undefined
    if (reply('.', '250 taken')) sink.mails.push({ ...envelope, ...parse(lines), isEncrypted })
  }

  function encrypt(): void {
    socket.removeAllListeners('data')
    const options = { isServer: true, secureContext: createSecureContext(testCertificate) }
    serve(new TLSSocket(socket, options), true, session)
  }
}

function parse(lines: readonly string[]) {
  const raw = lines.map((line) => `${line}\r\n`).join('')
  const end = raw.indexOf('\r\n\r\n')
  const head = raw.slice(0, end).replace(/\r\n[ \t]+/g, ' ')
  const headers = Object.fromEntries(
    head
      .split('\r\n')
      .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
  )
  const body = raw.slice(end + 4)
  return { raw, headers, text: decode(body, headers['content-transfer-encoding'] ?? '') }
}

function decode(body: string, encoding: string): string {
  const bytes =
    encoding === 'quoted-printable'
      ? body
          .replace(/=\r\n/g, '')
          .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
      : body
  return Buffer.from(bytes, 'latin1').toString().replaceAll('\r\n', '\n')
}
