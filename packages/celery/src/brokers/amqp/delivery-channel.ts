import type { Channel } from 'amqplib'

/** A message to settle, as the library asks for it. */
const tagged = (deliveryTag: number) => ({ fields: { deliveryTag } }) as Parameters<Channel['ack']>[0]

/**
 * The deliveries of one channel, from its opening to its end. Acknowledgements of one turn of the event loop are sent
 * together: a single frame for all those below the first delivery that is still open, and one for each of the rest.
 */
export class DeliveryChannel {
  readonly #channel: Channel
  readonly #onSettled: () => void
  /** The tags that RabbitMQ waits for, in their order. */
  readonly #open = new Set<number>()
  #acked: number[] = []
  #unsettled = 0
  #isLost = false

  constructor(channel: Channel, onSettled: () => void) {
    this.#channel = channel
    this.#onSettled = onSettled
  }

  get isLost(): boolean {
    return this.#isLost
  }

  /** How many are in the worker's hands. */
  get unsettled(): number {
    return this.#unsettled
  }

  receive(tag: number): void {
    this.#open.add(tag)
  }

  handOut(): void {
    this.#unsettled++
  }

  ack(tag: number): void {
    this.#open.delete(tag)
    if (this.#acked.push(tag) === 1) setImmediate(() => this.flush())
    this.#settled()
  }

  reject(tag: number, requeue: boolean): void {
    this.giveBack(tag, requeue)
    this.#settled()
  }

  /** For one that was never handed out. */
  giveBack(tag: number, requeue: boolean): void {
    this.#open.delete(tag)
    this.#send(() => this.#channel.reject(tagged(tag), requeue))
  }

  flush(): void {
    const acked = this.#acked
    if (acked.length === 0) return
    this.#acked = []
    const [firstOpen = Number.POSITIVE_INFINITY] = this.#open
    let highest = 0
    let together = 0
    for (const tag of acked) {
      if (tag > firstOpen) this.#send(() => this.#channel.ack(tagged(tag)))
      else {
        together++
        if (tag > highest) highest = tag
      }
    }
    if (together > 0) this.#send(() => this.#channel.ack(tagged(highest), together > 1))
  }

  lose(): void {
    this.#isLost = true
    this.#acked = []
  }

  #settled(): void {
    this.#unsettled--
    this.#onSettled()
  }

  #send(frame: () => void): void {
    if (this.#isLost) return
    try {
      frame()
    } catch {
      // The connection is closing, which is told soon: RabbitMQ delivers all that is open again.
      this.lose()
    }
  }
}
