import type { BrokerState, CastDestination } from '../../../src/brokers/port.ts'
import type { EventBroker } from '../../../src/events/dispatcher.ts'
import type { CeleryEvent } from '../../../src/events/event.ts'
import type { WireMessage } from '../../../src/protocol/message.ts'

export interface Cast {
  message: WireMessage
  to: CastDestination
}

/** Keeps what is cast, and goes away and comes back when it is told to. */
export class RecordingBroker implements EventBroker {
  state: BrokerState = 'open'
  readonly casts: Cast[] = []
  /** What a cast waits for. */
  gate: Promise<void> = Promise.resolve()
  readonly #listeners = new Set<(state: BrokerState) => void>()

  watch(listener: (state: BrokerState) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  become(state: BrokerState): void {
    this.state = state
    for (const listener of this.#listeners) listener(state)
  }

  async cast(message: WireMessage, to: CastDestination): Promise<void> {
    this.casts.push({ message, to })
    await this.gate
  }

  /** The events of every message, in their order. */
  get events(): CeleryEvent[] {
    return this.casts.flatMap(({ message }) => JSON.parse(message.body.toString()))
  }
}
