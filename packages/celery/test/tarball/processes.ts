import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'

const execute = promisify(execFile)

export interface Place {
  folder: string
  env?: Record<string, string>
}

/** Runs a program to its end, and returns what it printed; throws with all of that when it fails. */
export async function output(program: string, args: string[], { folder, env }: Place): Promise<string> {
  const options = {
    cwd: folder,
    env: { ...process.env, ...env },
    timeout: 120_000,
    maxBuffer: 64 * 1_024 * 1_024,
  }
  try {
    return (await execute(program, args, options)).stdout.trim()
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new Error([`${program} ${args.join(' ')} failed`, stdout.trim(), stderr.trim()].join('\n'))
  }
}

/** A program that goes on until it is stopped. */
export class Running {
  readonly #child: ChildProcess
  readonly #name: string
  #output = ''
  #heard = Promise.withResolvers<void>()

  constructor(program: string, args: string[], { folder, env }: Place) {
    this.#name = `${program} ${args.join(' ')}`
    this.#child = spawn(program, args, { cwd: folder, env: { ...process.env, ...env } })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (text) => this.#hear(String(text)))
    }
    this.#child.once('error', (error) => this.#hear(error.message))
    this.#child.once('close', () => this.#hear(''))
  }

  #hear(text: string): void {
    this.#output = (this.#output + text).slice(-100_000)
    this.#heard.resolve()
    this.#heard = Promise.withResolvers()
  }

  /** Resolves when it has said this; throws when it ends before, or a minute has passed. */
  async says(words: string): Promise<void> {
    const late = AbortSignal.timeout(60_000)
    const isLate = once(late, 'abort')
    while (!this.#output.includes(words)) {
      if (late.aborted || this.#hasEnded) throw this.#unlike(`did not say "${words}"`)
      await Promise.race([this.#heard.promise, isLate])
    }
  }

  /** Ends it as a supervisor does; throws unless it then ends well, and soon. */
  async stop(): Promise<void> {
    if (!this.#hasEnded) {
      const ended = once(this.#child, 'exit')
      this.#child.kill('SIGTERM')
      const kill = setTimeout(() => this.#child.kill('SIGKILL'), 20_000)
      await ended
      clearTimeout(kill)
    }
    const { exitCode, signalCode } = this.#child
    if (exitCode !== 0) throw this.#unlike(`ended with ${exitCode ?? signalCode}`)
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined
  }

  #unlike(what: string): Error {
    return new Error(`${this.#name} ${what}:\n${this.#output}`)
  }
}
