import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const folder = join(import.meta.dirname, '..', 'python')

/** A program of Python's in which each line that is written is answered by one. */
export class PythonProgram {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #lines: string[] = []
  readonly #errors: string[] = []
  #wake = Promise.withResolvers<void>()
  #lastAnswer: Promise<unknown> = Promise.resolve()

  constructor(command: string, args: string[], env: Record<string, string>) {
    this.#child = spawn(command, args, {
      cwd: folder,
      env: { ...process.env, ...env, PYTHONUNBUFFERED: '1', PYTHONDONTWRITEBYTECODE: '1' },
    })
    createInterface(this.#child.stdout).on('line', (line) => this.#hear(this.#lines, line))
    createInterface(this.#child.stderr).on('line', (line) => this.#hear(this.#errors, line))
    this.#child.once('close', () => this.#wake.resolve())
  }

  #hear(lines: string[], line: string): void {
    lines.push(line)
    if (lines.length > 1_000) lines.shift()
    this.#wake.resolve()
    this.#wake = Promise.withResolvers()
  }

  /** Resolves when it has said, on either of its outputs, something that holds this. */
  async says(text: string): Promise<void> {
    await this.#until(() => [...this.#lines, ...this.#errors].some((line) => line.includes(text)))
    this.#lines.length = 0
  }

  /** Questions are asked one after the other. */
  ask(question: unknown): Promise<unknown> {
    const answer = this.#lastAnswer.catch(() => undefined).then(() => this.#askNow(question))
    this.#lastAnswer = answer
    return answer
  }

  async #askNow(question: unknown): Promise<unknown> {
    this.#child.stdin.write(`${JSON.stringify(question)}\n`)
    await this.#until(() => this.#lines.length > 0)
    return JSON.parse(this.#lines.shift() ?? 'null')
  }

  async #until(condition: () => boolean): Promise<void> {
    const late = AbortSignal.timeout(30_000)
    while (!condition()) {
      if (late.aborted || this.#child.exitCode !== null) {
        throw new Error(`Python said nothing of the kind:\n${[...this.#lines, ...this.#errors].join('\n')}`)
      }
      await Promise.race([this.#wake.promise, once(late, 'abort')])
    }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }
}
