import { CeleryError } from '../../errors.ts'
import type { DeadLetter, DeadLetterPage, DeadLetterQuery, DeadLetterStore } from '../dead-letter-store.ts'
import { copyMessage } from './stored-message.ts'

export class MemoryDeadLetters implements DeadLetterStore {
  readonly #letters = new Map<string, DeadLetter>()

  async add(letter: DeadLetter): Promise<void> {
    if (!this.#letters.has(letter.id)) this.#letters.set(letter.id, copyLetter(letter))
  }

  async list({ limit = 50, after, task, queue }: DeadLetterQuery = {}): Promise<DeadLetterPage> {
    if (!(limit >= 1 && limit <= 1_000)) {
      throw new CeleryError('BAD_OPTION', `limit must be from 1 to 1,000, not ${limit}.`)
    }
    const letters: DeadLetter[] = []
    for (const letter of [...this.#letters.values()].sort(byDeath)) {
      if (after !== undefined && cursor(letter) <= after) continue
      if (task !== undefined && letter.task !== task) continue
      if (queue !== undefined && letter.queue !== queue) continue
      if (letters.length === limit) return { letters, next: cursor(letters.at(-1)) }
      letters.push(copyLetter(letter))
    }
    return { letters, next: undefined }
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    const letter = this.#letters.get(id)
    return letter && copyLetter(letter)
  }

  async remove(ids: string[]): Promise<number> {
    return new Set(ids)
      .values()
      .filter((id) => this.#letters.delete(id))
      .toArray().length
  }

  async count(): Promise<number> {
    return this.#letters.size
  }
}

function byDeath(a: DeadLetter, b: DeadLetter): number {
  return cursor(a) < cursor(b) ? -1 : 1
}

function cursor(letter: DeadLetter | undefined): string {
  return letter ? `${new Date(letter.diedAt).toISOString()}/${letter.id}` : ''
}

function copyLetter(letter: DeadLetter): DeadLetter {
  const { message, ...rest } = letter
  return { ...structuredClone(rest), message: copyMessage(message) }
}
