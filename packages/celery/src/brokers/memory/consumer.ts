import { checkPrefetch } from '../options.ts'
import type { ConsumeOptions, Consumption } from '../port.ts'
import { MemoryDelivery } from './delivery.ts'
import type { MemoryQueue, Taker } from './queue.ts'
import type { MemoryServer } from './server.ts'
import type { StoredMessage } from './stored-message.ts'

export class MemoryConsumer implements Consumption, Taker {
  readonly queue: MemoryQueue
  readonly #server: MemoryServer
  readonly #onDelivery: ConsumeOptions['onDelivery']
  readonly #unsettled = new Set<MemoryDelivery>()
  readonly #ended: () => void
  #prefetch: number
  #isCancelled = false

  /** `ended` is called when it is cancelled and all its deliveries are settled. */
  constructor(
    server: MemoryServer,
    queue: MemoryQueue,
    { prefetch, onDelivery }: ConsumeOptions,
    ended: () => void,
  ) {
    this.#ended = ended
    this.queue = queue
    this.#server = server
    this.#prefetch = prefetch
    this.#onDelivery = onDelivery
    queue.join(this)
  }

  get hasRoom(): boolean {
    return this.#unsettled.size < this.#prefetch
  }

  take(stored: StoredMessage): void {
    const delivery = new MemoryDelivery(this, stored)
    this.#unsettled.add(delivery)
    this.#onDelivery(delivery)
  }

  settled(delivery: MemoryDelivery): void {
    this.#unsettled.delete(delivery)
    this.queue.dispatch()
    this.#endWhenSettled()
  }

  deadLetter({ message, routingKey }: StoredMessage): void {
    const exchange = this.queue.arguments['x-dead-letter-exchange']
    const key = this.queue.arguments['x-dead-letter-routing-key']
    if (typeof exchange !== 'string') return
    const { expiration: _, ...properties } = message.properties
    this.#server.route({ ...message, properties }, exchange, typeof key === 'string' ? key : routingKey)
  }

  park(stored: StoredMessage, until: Date): void {
    this.#server.park(stored, this.queue, until)
  }

  async setPrefetch(prefetch: number): Promise<void> {
    checkPrefetch(prefetch)
    this.#prefetch = prefetch
    this.queue.dispatch()
  }

  async cancel(): Promise<void> {
    this.#isCancelled = true
    this.queue.leave(this)
    this.#endWhenSettled()
  }

  /** Ends it and gives back what is not settled: in their order, as each goes to its old place. */
  close(): void {
    this.queue.leave(this)
    for (const delivery of [...this.#unsettled]) delivery.lose()
  }

  #endWhenSettled(): void {
    if (this.#isCancelled && this.#unsettled.size === 0) this.#ended()
  }
}
