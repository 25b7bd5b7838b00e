import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../../testing/free-port.ts'
import { plainClient } from './keys.ts'

/** Whether a Redis of one's own can be started here. */
export const hasRedisServer = spawnSync('redis-server', ['--version']).status === 0

/** A Redis that a test may kill. Started with `stop` undone on the same port, with what it has written to disk. */
export class OwnRedis {
  readonly url: string
  readonly #port: number
  readonly #folder: string
  readonly #options: string[]
  #process: ChildProcess | undefined

  private constructor(port: number, folder: string, options: string[], password: string | undefined) {
    this.#port = port
    this.#folder = folder
    this.#options = options
    this.url = `redis://${password === undefined ? '' : `:${password}@`}127.0.0.1:${port}/0`
  }

  static async start(options: string[] = [], password?: string): Promise<OwnRedis> {
    const folder = await mkdtemp(join(tmpdir(), 'celery-redis-'))
    const redis = new OwnRedis(await freePort(), folder, options, password)
    await redis.start()
    return redis
  }

  async start(): Promise<void> {
    const fixed = ['--port', String(this.#port), '--dir', this.#folder, '--save', '', '--loglevel', 'warning']
    this.#process = spawn('redis-server', [...fixed, ...this.#options], { stdio: 'ignore' })
    for (;;) {
      const client = plainClient(this.url)
      client.on('error', () => undefined)
      const answered = await client.connect().then(
        () => true,
        () => false,
      )
      client.disconnect()
      if (answered) return
      if (this.#process.exitCode !== null) throw new Error('redis-server did not start')
      await pause(10)
    }
  }

  /** As a power cut does. */
  async kill(): Promise<void> {
    const running = this.#process
    if (!running || running.exitCode !== null || running.signalCode !== null) return
    running.kill('SIGKILL')
    await once(running, 'exit')
  }

  async remove(): Promise<void> {
    await this.kill()
    await rm(this.#folder, { recursive: true, force: true })
  }
}
