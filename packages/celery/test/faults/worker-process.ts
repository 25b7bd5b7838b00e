import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { atExit } from '../../testing/at-exit.ts'

const command = join(import.meta.dirname, '../../src/cli/bin.ts')
const module = join(import.meta.dirname, 'app.ts')

/** Tasks that a worker runs at once on its event loop, and on threads. */
export const concurrency = 16
const threads = 1
/** Milliseconds: until a worker that could not start is started again, until it must be ready, and until it has stopped. */
const [pauseBeforeStart, readyTime, stopTime] = [500, 60_000, 60_000]

export interface WorkerSettings {
  name: string
  env: Record<string, string>
  logFile: string
}

/**
 * A worker by the real command, under a supervisor as everybody has one: it is started again when it is killed, and when
 * it cannot start because a server is down.
 */
export class WorkerProcess {
  kills = 0
  /** Times that it could not start. */
  failedStarts = 0
  /** Times that it ended by itself after it had been ready: never, if all is well. */
  crashes = 0
  /** How often each error was logged. */
  readonly errors = new Map<string, number>()
  readonly #settings: WorkerSettings
  readonly #log: WriteStream
  #child: ChildProcess | undefined
  #ready = Promise.withResolvers<void>()
  #isReady = false
  #isWanted = true
  #supervising: Promise<void>

  constructor(settings: WorkerSettings) {
    this.#settings = settings
    this.#log = createWriteStream(settings.logFile, { flags: 'a' })
    this.#supervising = this.#supervise()
  }

  /** Resolves when it takes tasks. */
  async ready(): Promise<void> {
    const timeout = AbortSignal.timeout(readyTime)
    while (!this.#isReady) {
      if (timeout.aborted) throw new Error(`${this.#settings.name} was not ready in ${readyTime / 1_000} s`)
      await Promise.race([this.#ready.promise, sleep(1_000)])
    }
  }

  /** SIGKILL once it is ready; the next one is started at once. */
  async kill(): Promise<void> {
    await this.ready()
    const child = this.#child
    if (!child) return
    this.kills += 1
    this.#isReady = false
    this.#ready = Promise.withResolvers()
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }

  /** Warm, by SIGTERM; returns the exit code, undefined when it had to be killed. */
  async stop(): Promise<number | undefined> {
    this.#isWanted = false
    const child = this.#child
    child?.kill('SIGTERM')
    const timer = setTimeout(() => child?.kill('SIGKILL'), stopTime)
    await this.#supervising
    clearTimeout(timer)
    this.#log.end()
    return child?.exitCode ?? undefined
  }

  /** For when the trial has failed. */
  async end(): Promise<void> {
    this.#isWanted = false
    this.#child?.kill('SIGKILL')
    await this.#supervising
    this.#log.end()
  }

  async #supervise(): Promise<void> {
    while (this.#isWanted) {
      const child = this.#start()
      this.#child = child
      await once(child, 'exit')
      if (!this.#isWanted) return
      if (child.signalCode === 'SIGKILL') continue
      if (this.#isReady) {
        this.crashes += 1
        this.#isReady = false
        this.#ready = Promise.withResolvers()
      } else this.failedStarts += 1
      await sleep(pauseBeforeStart)
    }
  }

  #start(): ChildProcess {
    const { name, env } = this.#settings
    const options = ['-c', String(concurrency), '--threads', String(threads), '-n', name]
    const args = [command, '-A', module, '--json-logs', 'worker', ...options]
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    child.once(
      'exit',
      atExit(() => void child.kill('SIGKILL')),
    )
    createInterface({ input: child.stderr }).on('line', (line) => this.#read(child, line))
    return child
  }

  #read(child: ChildProcess, line: string): void {
    this.#log.write(`${line}\n`)
    if (child === this.#child && line.includes('"the worker is ready"')) {
      this.#isReady = true
      this.#ready.resolve()
    }
    if (!line.includes('"level":"error"')) return
    const message = /"message":"((?:[^"\\]|\\.)*)"/.exec(line)?.[1] ?? line
    this.errors.set(message, (this.errors.get(message) ?? 0) + 1)
  }
}
