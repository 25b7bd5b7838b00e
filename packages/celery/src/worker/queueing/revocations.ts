import type { TaskHeaders } from '../../protocol/message.ts'
import { RevokedIds } from './revoked.ts'

/** Which tasks are not to be run: by id, or by a stamp or header of theirs. Either has the bounds of `RevokedIds`. */
export class Revocations {
  readonly ids = new RevokedIds()
  /** Each a name with one value. */
  readonly #headers = new RevokedIds()

  addHeaders(headers: Record<string, readonly string[]>, now: number): void {
    for (const [name, values] of Object.entries(headers))
      for (const value of values) this.#headers.add(keyOf(name, value), now)
  }

  has(headers: TaskHeaders, now: number): boolean {
    if (this.ids.size > 0 && this.ids.has(headers.id, now)) return true
    return this.hasHeader(headers, now)
  }

  /** Costs what the message carries, however much is revoked. A stamp counts before a header of the same name. */
  hasHeader(headers: TaskHeaders, now: number): boolean {
    if (this.#headers.size === 0) return false
    for (const [name, own] of Object.entries({ ...headers, ...headers.stamps })) {
      const all: unknown[] = Array.isArray(own) ? own : [own]
      // What is sent to revoke by is text; an object could have a `toString` that throws.
      if (all.some((value) => isScalar(value) && this.#headers.has(keyOf(name, String(value)), now)))
        return true
    }
    return false
  }
}

function isScalar(value: unknown): boolean {
  return value === null || (value !== undefined && typeof value !== 'object')
}

/** The length keeps apart what would be the same text: `a` and `bc`, `ab` and `c`. */
function keyOf(name: string, value: string): string {
  return `${name.length}:${name}${value}`
}
