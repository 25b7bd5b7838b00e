import { forEachBounded } from '../../async/for-each-bounded.ts'
import type { Log } from '../../log.ts'
import { ConnectionLost } from '../../redis/replies.ts'
import type { QueueDeclaration } from '../port.ts'
import type { Bindings } from './bindings.ts'

/** Declarations that are remembered, and how many of them are made again at a time. */
const [mostKnown, atOnce] = [10_000, 100]

/** What this process has declared: made again on a new connection, which may be to an empty Redis. */
export class Declarations {
  readonly #bindings: Bindings
  readonly #log: Log
  /** By what they say: a queue may be bound to several exchanges, with one declaration each. */
  readonly #known = new Map<string, QueueDeclaration>()
  #again: Promise<void> | undefined

  constructor(bindings: Bindings, log: Log) {
    this.#bindings = bindings
    this.#log = log
  }

  /** Done when those of this connection were made again. */
  get again(): Promise<void> | undefined {
    return this.#again
  }

  has(declaration: QueueDeclaration): boolean {
    return this.#known.has(keyOf(declaration))
  }

  hasQueue(name: string): boolean {
    return this.#known.values().some((declaration) => declaration.name === name)
  }

  async make(declaration: QueueDeclaration): Promise<void> {
    await this.#bindings.bind(declaration)
    const [oldest] = this.#known.keys()
    if (this.#known.size >= mostKnown && oldest !== undefined) this.#known.delete(oldest)
    this.#known.set(keyOf(declaration), declaration)
  }

  /** Begins to make them again. One that Redis refuses is logged, and keeps nobody from the rest. */
  makeAgain(): void {
    const bind = (declaration: QueueDeclaration) =>
      this.#bindings.bind(declaration).catch((error: unknown) => {
        if (error instanceof ConnectionLost) throw error
        this.#log.error({ err: error, queue: declaration.name }, 'A queue could not be bound again')
      })
    // When the connection is lost, the next one begins anew.
    this.#again = forEachBounded([...this.#known.values()], atOnce, bind).catch(() => undefined)
  }

  clear(): void {
    this.#known.clear()
  }
}

/** Arguments say nothing to Redis. */
function keyOf({ name, exchange, routingKey }: QueueDeclaration): string {
  return JSON.stringify([name, exchange?.name, exchange?.type, routingKey])
}
