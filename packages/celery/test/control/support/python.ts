import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const scripts = join(import.meta.dirname, '..', 'python')

/** Where the Python side finds its broker. */
export interface PythonSide {
  /** The folder of `python` and `celery`. */
  folder: string
  broker: string
  keyPrefix: string
}

/** A program of Python's that runs, with its lines of output as they come. */
export class PythonProcess {
  readonly #child: ChildProcess
  readonly #lines: string[] = []
  readonly #exited: Promise<unknown>
  #wake = Promise.withResolvers<void>()

  constructor(
    side: PythonSide,
    program: 'python' | 'celery',
    args: string[],
    env: Record<string, string> = {},
  ) {
    this.#child = spawn(join(side.folder, program), args, {
      cwd: scripts,
      env: {
        ...process.env,
        ...env,
        PYTHONPATH: scripts,
        PYTHONUNBUFFERED: '1',
        PYTHONDONTWRITEBYTECODE: '1',
        INTEROP_BROKER: side.broker,
        INTEROP_PREFIX: side.keyPrefix,
      },
    })
    this.#exited = once(this.#child, 'exit')
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream) createInterface(stream).on('line', (line) => this.#hear(line))
    }
  }

  #hear(line: string): void {
    this.#lines.push(line)
    if (this.#lines.length > 1_000) this.#lines.shift()
    this.#wake.resolve()
    this.#wake = Promise.withResolvers()
  }

  /** The newest thousand lines. */
  get output(): string {
    return this.#lines.join('\n')
  }

  /** The first line that fits; throws with all of the output when the program ends or 30 seconds pass before. */
  async line(fits: (line: string) => boolean): Promise<string> {
    const timer = AbortSignal.timeout(30_000)
    const late = once(timer, 'abort')
    for (;;) {
      const found = this.#lines.find(fits)
      if (found !== undefined) return found
      const hasEnded = this.#child.exitCode !== null && this.#child.stdout?.readableEnded
      if (hasEnded || timer.aborted) throw new Error(`Python said something else:\n${this.output}`)
      await Promise.race([this.#wake.promise, late, hasEnded ? undefined : once(this.#child, 'close')])
    }
  }

  /** The last line of a program that prints one JSON document, of its own kind. */
  async json<T>(): Promise<T> {
    return JSON.parse(await this.line((line) => line.startsWith('{') || line.startsWith('[{')))
  }

  write(input: unknown): void {
    this.#child.stdin?.end(JSON.stringify(input))
  }

  async exit(): Promise<void> {
    await this.#exited
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL')
    await this.#exited
  }
}
