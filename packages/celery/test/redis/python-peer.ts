import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'

/** A Python with Celery and kombu on the same Redis. Asked one thing at a time. */
export class PythonPeer {
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #lines: Interface
  #errors = ''

  constructor(python: string, url: string, prefix: string) {
    const script = join(import.meta.dirname, 'python', 'peer.py')
    this.#process = spawn(join(python, 'python'), [script, url, prefix], { stdio: 'pipe' })
    this.#process.stderr.on('data', (data) => {
      this.#errors += data
    })
    this.#lines = createInterface(this.#process.stdout)
  }

  async ask<T = unknown>(what: string, fields: Record<string, unknown> = {}): Promise<T> {
    const answered = once(this.#lines, 'line')
    this.#process.stdin.write(`${JSON.stringify({ do: what, ...fields })}\n`)
    const ended = once(this.#process, 'exit').then(() => {
      throw new Error(`Python ended: ${this.#errors}`)
    })
    const [line] = await Promise.race([answered, ended])
    ended.catch(() => undefined)
    const answer = JSON.parse(String(line)) as { value?: T; error?: string }
    if (answer.error !== undefined) throw new Error(`${what}: ${answer.error}\n${this.#errors}`)
    return answer.value as T
  }

  /** As a crash does: nothing is put back. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    this.#process.kill('SIGKILL')
    await once(this.#process, 'exit')
  }
}
