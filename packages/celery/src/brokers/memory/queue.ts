import { Ready } from './ready.ts'
import type { StoredMessage } from './stored-message.ts'

/** Who takes messages from a queue. */
export interface Taker {
  readonly hasRoom: boolean
  take(stored: StoredMessage): void
}

/** A queue in memory: its consumers get its messages in turn, as far as each has room. */
export class MemoryQueue {
  readonly name: string
  readonly arguments: Record<string, unknown>
  readonly #ready = new Ready()
  readonly #takers: Taker[] = []
  #isDispatching = false

  constructor(name: string, queueArguments: Record<string, unknown>) {
    this.name = name
    this.arguments = queueArguments
  }

  get size(): number {
    return this.#ready.size
  }

  get consumers(): number {
    return this.#takers.length
  }

  add(stored: StoredMessage): void {
    this.#ready.add(stored)
    this.dispatch()
  }

  putBack(stored: StoredMessage): void {
    stored.redelivered = true
    this.#ready.putBack(stored)
    this.dispatch()
  }

  purge(): number {
    return this.#ready.clear()
  }

  join(taker: Taker): void {
    this.#takers.push(taker)
    this.dispatch()
  }

  leave(taker: Taker): void {
    const at = this.#takers.indexOf(taker)
    if (at >= 0) this.#takers.splice(at, 1)
  }

  /** Hands out what there is, in the next turn of the event loop: as with a network, never within the call that caused it. */
  dispatch(): void {
    if (this.#isDispatching || this.#ready.size === 0 || this.#takers.length === 0) return
    this.#isDispatching = true
    setImmediate(() => {
      this.#isDispatching = false
      this.#handOut()
    })
  }

  /** What is given back at once waits for another turn, or this one would never end. */
  #handOut(): void {
    for (let left = this.#ready.size; left > 0; left--) {
      const taker = this.#nextTaker()
      const stored = taker && this.#takeFresh()
      if (!stored) return
      taker.take(stored)
    }
  }

  #nextTaker(): Taker | undefined {
    const at = this.#takers.findIndex((taker) => taker.hasRoom)
    if (at < 0) return undefined
    const [taker] = this.#takers.splice(at, 1)
    if (taker) this.#takers.push(taker)
    return taker
  }

  #takeFresh(): StoredMessage | undefined {
    for (;;) {
      const stored = this.#ready.take()
      if (stored?.expiresAt === undefined || stored.expiresAt > Date.now()) return stored
    }
  }
}
