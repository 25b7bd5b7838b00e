import type { Log } from '../log.ts'
import type { BrokerState } from './port.ts'

/** Told of a broker's state, with the error that caused it. */
export type Watcher = (state: BrokerState, error?: Error) => void

/** Those who watch a broker. One that throws is logged: it keeps neither the others nor the broker from going on. */
export class Watchers {
  readonly #log: Log
  readonly #all = new Set<Watcher>()

  constructor(log: Log) {
    this.#log = log
  }

  /** Returns what ends it. */
  add(watcher: Watcher): () => void {
    this.#all.add(watcher)
    return () => this.#all.delete(watcher)
  }

  tell(state: BrokerState, error?: Error): void {
    for (const watcher of [...this.#all]) {
      try {
        watcher(state, error)
      } catch (thrown) {
        this.#log.error({ state, err: thrown }, 'who watches the broker has failed')
      }
    }
  }
}
