import type { StoredMessage } from './stored-message.ts'

/** The messages of a queue that wait: the highest priority first, and in their order within one. */
export class Ready {
  readonly #lanes = new Map<number, Lane>()
  #priorities: number[] = []
  #size = 0
  #lastOrder = 0

  get size(): number {
    return this.#size
  }

  add(stored: StoredMessage): void {
    stored.order = ++this.#lastOrder
    this.#lane(stored).push(stored)
    this.#size++
  }

  /** Puts it back where it was. */
  putBack(stored: StoredMessage): void {
    this.#lane(stored).insert(stored)
    this.#size++
  }

  take(): StoredMessage | undefined {
    for (const priority of this.#priorities) {
      const stored = this.#lanes.get(priority)?.shift()
      if (stored) {
        this.#size--
        return stored
      }
    }
    return undefined
  }

  clear(): number {
    const removed = this.#size
    this.#lanes.clear()
    this.#priorities = []
    this.#size = 0
    return removed
  }

  #lane(stored: StoredMessage): Lane {
    const priority = stored.message.properties.priority ?? 0
    const found = this.#lanes.get(priority)
    if (found) return found
    const lane = new Lane()
    this.#lanes.set(priority, lane)
    this.#priorities = [...this.#lanes.keys()].sort((a, b) => b - a)
    return lane
  }
}

/** Those of one priority, by their order. What was taken stays in front until it is worth moving the rest. */
class Lane {
  #messages: (StoredMessage | undefined)[] = []
  #head = 0

  push(stored: StoredMessage): void {
    this.#messages.push(stored)
  }

  shift(): StoredMessage | undefined {
    const stored = this.#messages[this.#head]
    if (!stored) return undefined
    this.#messages[this.#head] = undefined
    this.#head++
    if (this.#head > 1_000 && this.#head * 2 > this.#messages.length) {
      this.#messages = this.#messages.slice(this.#head)
      this.#head = 0
    }
    return stored
  }

  insert(stored: StoredMessage): void {
    let at = this.#head
    for (let next = this.#messages[at]; next && next.order < stored.order; next = this.#messages[at]) at++
    if (at === this.#head && this.#head > 0) this.#messages[--this.#head] = stored
    else this.#messages.splice(at, 0, stored)
  }
}
