import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { atExit } from '../at-exit.ts'

/** A server of the trial's own, which can be killed and started again on its data. */
export interface FaultServer {
  readonly name: 'rabbitmq' | 'redis' | 'postgres'
  /** Where it listens: the same after every start. */
  readonly target: { host: string; port: number } | { path: string }
  /** How clients reach it through a proxy on this port. */
  urlAt(port: number): string
  /** Resolves when it answers. */
  start(): Promise<void>
  /** SIGKILL; resolves when it is gone. @returns whether it was there: false when it had ended by itself */
  kill(): Promise<boolean>
  /** A clean end, for when the trial is over. @returns whether it was there, as of `kill` */
  stop(): Promise<boolean>
}

/** A program that writes to a log file and leads a process group, so that what it starts is killed with it. */
export class ServerProcess {
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>

  constructor(program: string, args: readonly string[], log: string, options: SpawnOptions) {
    const file = openSync(log, 'a')
    this.#child = spawn(program, args, { ...options, detached: true, stdio: ['ignore', file, file] })
    closeSync(file)
    this.#exited = once(this.#child, 'exit')
    this.#exited.catch(() => undefined)
    this.#child.once(
      'exit',
      atExit(() => this.#signal('SIGKILL')),
    )
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** @returns whether it ran: false when it had ended before */
  async kill(): Promise<boolean> {
    const wasRunning = this.isRunning
    this.#signal('SIGKILL')
    await this.#exited
    return wasRunning
  }

  /** SIGTERM, and SIGKILL when it has not ended in so many milliseconds. @returns whether it ran */
  async stop(patience = 15_000): Promise<boolean> {
    const wasRunning = this.isRunning
    this.#signal('SIGTERM')
    const timer = setTimeout(() => this.#signal('SIGKILL'), patience)
    await this.#exited
    clearTimeout(timer)
    return wasRunning
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child
    if (pid !== undefined && this.isRunning) process.kill(-pid, signal)
  }
}

/** Milliseconds between two looks at whether a server answers, for one look, and for all of them. */
const [pause, answerTime, startTime] = [50, 2_000, 90_000]

/** Resolves when what the server says to `greeting` satisfies `isReady`. */
export async function untilItAnswers(
  server: { name: string; port: number; process: ServerProcess },
  greeting: Buffer,
  isReady: (answer: Buffer) => boolean,
): Promise<void> {
  const deadline = Date.now() + startTime
  for (;;) {
    const answer = await ask(server.port, greeting).catch(() => undefined)
    if (answer && isReady(answer)) return
    if (!server.process.isRunning) throw new Error(`${server.name} ended as it started`)
    if (Date.now() > deadline) throw new Error(`${server.name} did not answer in ${startTime / 1_000} s`)
    await sleep(pause)
  }
}

async function ask(port: number, greeting: Buffer): Promise<Buffer> {
  const socket = connect({ host: '127.0.0.1', port })
  try {
    const signal = AbortSignal.timeout(answerTime)
    await once(socket, 'connect', { signal })
    socket.write(greeting)
    const [answer] = await once(socket, 'data', { signal })
    return Buffer.from(answer)
  } finally {
    socket.on('error', () => undefined)
    socket.destroy()
  }
}
