import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../free-port.ts'
import { type FaultServer, ServerProcess, untilItAnswers } from './server.ts'

/** A Redis that writes each command to disk before it answers: what it has acknowledged it has after a kill. */
export async function createRedis(folder: string): Promise<FaultServer> {
  const port = await freePort()
  const data = join(folder, 'redis')
  mkdirSync(data, { recursive: true })
  const args = [
    ...['--port', String(port), '--bind', '127.0.0.1', '--dir', data],
    ...['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''],
  ]
  let running: ServerProcess | undefined
  return {
    name: 'redis',
    target: { host: '127.0.0.1', port },
    urlAt: (proxy) => `redis://127.0.0.1:${proxy}/0`,
    async start() {
      const process = new ServerProcess('redis-server', args, join(folder, 'redis.log'), {})
      running = process
      const isReady = (answer: Buffer) => answer.toString().startsWith('+PONG')
      await untilItAnswers({ name: 'redis', port, process }, Buffer.from('PING\r\n'), isReady)
    },
    kill: async () => (await running?.kill()) ?? false,
    stop: async () => (await running?.stop()) ?? false,
  }
}
