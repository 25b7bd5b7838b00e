import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { type Log, noLog } from '../../src/log.ts'
import { RedisLink } from '../../src/redis/link.ts'
import { readRedisUrl } from '../../src/redis/target.ts'
import { until } from '../../testing/broker-contract/suite.ts'

/** Takes connections, and says yes to everything that is asked over those made while it `answers`. */
class Yes {
  answers = true
  readonly answered = new Set<Socket>()
  readonly silent = new Set<Socket>()
  /** Silent ones there were at the same time. */
  mostSilent = 0
  readonly #server = createServer((socket) => this.#take(socket))

  async start(): Promise<number> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return (this.#server.address() as AddressInfo).port
  }

  end(sockets: Set<Socket>): void {
    for (const socket of sockets) socket.destroy()
    sockets.clear()
  }

  stop(): void {
    this.#server.close()
    this.end(this.answered)
    this.end(this.silent)
  }

  #take(socket: Socket): void {
    const { answers } = this
    const those = answers ? this.answered : this.silent
    those.add(socket)
    this.mostSilent = Math.max(this.mostSilent, this.silent.size)
    socket.on('data', () => answers && socket.write('+OK\r\n'))
    socket.on('error', () => undefined)
    socket.on('close', () => those.delete(socket))
  }
}

async function linkTo(server: Yes, log: Log = noLog, scheme = 'redis', timeout = 20): Promise<RedisLink> {
  const target = readRedisUrl(`${scheme}://127.0.0.1:${await server.start()}/0`)
  onTestFinished(() => server.stop())
  const link = new RedisLink({
    target,
    code: 'BROKER_UNAVAILABLE',
    commandTimeout: timeout,
    connectTimeout: timeout,
    log,
  })
  onTestFinished(() => link.close())
  return link
}

test('a link that was closed while a try hung and opened again tries one connection at a time', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0)
  onTestFinished(() => void vi.restoreAllMocks())
  const errors: unknown[] = []
  const server = new Yes()
  const link = await linkTo(server, { ...noLog, error: (fields) => errors.push(fields) })
  await link.open()
  server.answers = false
  server.end(server.answered)
  await until(() => server.silent.size === 1, 'a try that hangs')
  link.close()
  const stale = new Set(server.silent)
  server.silent.clear()
  server.answers = true
  await link.open()
  server.answers = false
  server.end(server.answered)
  await until(() => server.silent.size === 1, 'a try of the second opening')
  server.end(stale)
  for (let tries = 0; tries < 3; tries++) {
    server.end(server.silent)
    await until(() => server.silent.size > 0, 'the next try')
  }
  expect([server.mostSilent, errors]).toEqual([1, []])
  link.close()
  expect(link.state).toBe('closed')
})

test.each([
  ['rediss', /ETIMEDOUT \(if this server speaks no TLS, its URL begins with redis:\/\/\)\. Safe/],
  ['redis', /Command timed out\. Safe/],
])('what takes a connection by %s:// and says nothing is no connection', async (scheme, why) => {
  const server = new Yes()
  server.answers = false
  const link = await linkTo(server, noLog, scheme, 0.05)
  await expect(link.open()).rejects.toMatchObject({
    code: 'BROKER_UNAVAILABLE',
    message: expect.stringMatching(why),
  })
})
