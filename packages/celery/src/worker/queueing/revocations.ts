import type { TaskHeaders } from '../../protocol/message.ts'
import { RevokedIds } from './revoked.ts'

/** Values of one header that are remembered at most, the newest. */
const maxValues = 10_000

/** Which tasks are not to be run: by id, or by a stamp or header of theirs. */
export class Revocations {
  readonly ids = new RevokedIds()
  readonly #headers = new Map<string, Set<string>>()

  addHeaders(headers: Record<string, readonly string[]>): void {
    for (const [name, values] of Object.entries(headers)) {
      const known = this.#headers.get(name) ?? new Set()
      for (const value of values) known.add(value)
      for (const oldest of known) {
        if (known.size <= maxValues) break
        known.delete(oldest)
      }
      this.#headers.set(name, known)
    }
  }

  has(headers: TaskHeaders, now: number): boolean {
    if (this.ids.size > 0 && this.ids.has(headers.id, now)) return true
    return this.#headers.size > 0 && this.hasHeader(headers)
  }

  hasHeader(headers: TaskHeaders): boolean {
    for (const [name, values] of this.#headers) {
      const own = headers.stamps?.[name] ?? headers[name]
      const all: unknown[] = Array.isArray(own) ? own : [own]
      if (all.some((value) => value !== undefined && values.has(String(value)))) return true
    }
    return false
  }
}
