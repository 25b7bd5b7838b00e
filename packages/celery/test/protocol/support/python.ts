import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'

export interface Question {
  ask: string
  [field: string]: unknown
}

export type Answer = Record<string, unknown>

/** The real Celery in a process of its own, which answers questions about its codecs one after the other. */
export class Python {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #lines: AsyncIterator<string>

  constructor(folder: string) {
    const script = join(import.meta.dirname, 'python.py')
    this.#child = spawn(join(folder, 'python'), ['-u', script], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  /** Answers in the order of the questions; what Python raised is a field `error`. */
  async askAll(questions: Question[]): Promise<Answer[]> {
    this.#child.stdin.write(questions.map((question) => `${JSON.stringify(question)}\n`).join(''))
    const answers: Answer[] = []
    while (answers.length < questions.length) {
      const { value, done } = await this.#lines.next()
      if (done) throw new Error(`Python ended after ${answers.length} of ${questions.length} answers`)
      answers.push(JSON.parse(value))
    }
    return answers
  }

  /** The answer to one question; what Python raises is an error here. */
  async ask(question: Question): Promise<Answer> {
    const [answer] = await this.askAll([question])
    if (answer === undefined || 'error' in answer) throw new Error(String(answer?.error))
    return answer
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return
    const exit = once(this.#child, 'exit')
    this.#child.stdin.end()
    await exit
  }
}
