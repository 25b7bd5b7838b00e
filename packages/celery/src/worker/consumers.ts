import type { Broker, Consumption, Delivery, QueueDeclaration } from '../brokers/port.ts'
import type { Log } from '../log.ts'

/** AMQP's largest window; kombu, too, takes more for no limit. */
const maxPrefetch = 65_535

interface Consumed {
  queue: QueueDeclaration
  consumption: Consumption
}

export interface ConsumersOptions {
  broker: Broker
  log: Log
  onDelivery(delivery: Delivery): void
  /** How many messages may be in hand for each queue now; 0 is no limit. */
  window(): number
}

/** The queues that a worker consumes from, each with the same prefetch window. */
export class Consumers {
  readonly #options: ConsumersOptions
  readonly #consumed = new Map<string, Consumed>()
  readonly #adding = new Map<string, Promise<void>>()
  #prefetch: number

  constructor(options: ConsumersOptions) {
    this.#options = options
    this.#prefetch = this.#window()
  }

  get prefetch(): number {
    return this.#prefetch
  }

  queues(): QueueDeclaration[] {
    return [...this.#consumed.values()].map(({ queue }) => queue)
  }

  async add(queue: QueueDeclaration): Promise<void> {
    const { name } = queue
    if (this.#consumed.has(name)) return
    const adding = this.#adding.get(name) ?? this.#consume(queue)
    this.#adding.set(name, adding)
    try {
      await adding
    } finally {
      this.#adding.delete(name)
    }
  }

  async cancel(name: string): Promise<boolean> {
    const consumed = this.#consumed.get(name)
    if (!consumed) return false
    this.#consumed.delete(name)
    await consumed.consumption.cancel()
    return true
  }

  async cancelAll(): Promise<void> {
    await Promise.allSettled(this.#adding.values())
    const ended = await Promise.allSettled([...this.#consumed.keys()].map((name) => this.cancel(name)))
    for (const end of ended) {
      if (end.status === 'rejected') this.#options.log.warn({ err: end.reason }, 'a queue could not be left')
    }
  }

  async updatePrefetch(): Promise<void> {
    const prefetch = this.#window()
    if (prefetch === this.#prefetch) return
    this.#prefetch = prefetch
    await Promise.all(
      [...this.#consumed.values()].map(({ consumption }) => consumption.setPrefetch(prefetch)),
    )
  }

  async #consume(queue: QueueDeclaration): Promise<void> {
    const { broker, onDelivery } = this.#options
    const prefetch = this.#prefetch
    const consumption = await broker.consume(queue, { prefetch, onDelivery })
    this.#consumed.set(queue.name, { queue, consumption })
    // Changed meanwhile, it was told to the others.
    if (prefetch !== this.#prefetch) await consumption.setPrefetch(this.#prefetch)
  }

  #window(): number {
    const window = this.#options.window()
    return window <= 0 || window > maxPrefetch ? maxPrefetch : window
  }
}
