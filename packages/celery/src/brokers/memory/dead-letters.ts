import type { DeadLetter, DeadLetterPage, DeadLetterQuery, DeadLetterStore } from '../dead-letter-store.ts'
import { isAskedFor, letterCursor, pageLimit } from '../letter.ts'
import { copyMessage } from './stored-message.ts'

export class MemoryDeadLetters implements DeadLetterStore {
  readonly #letters = new Map<string, DeadLetter>()

  async add(letter: DeadLetter): Promise<void> {
    if (!this.#letters.has(letter.id)) this.#letters.set(letter.id, copyLetter(letter))
  }

  async list(query: DeadLetterQuery = {}): Promise<DeadLetterPage> {
    const { after = '' } = query
    const limit = pageLimit(query)
    const letters: DeadLetter[] = []
    for (const letter of [...this.#letters.values()].sort(byDeath)) {
      if (letterCursor(letter) <= after || !isAskedFor(letter, query)) continue
      const last = letters.at(-1)
      if (last && letters.length === limit) return { letters, next: letterCursor(last) }
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
  return letterCursor(a) < letterCursor(b) ? -1 : 1
}

function copyLetter(letter: DeadLetter): DeadLetter {
  const { message, ...rest } = letter
  return { ...structuredClone(rest), message: copyMessage(message) }
}
