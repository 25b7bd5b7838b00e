import type { Channel } from 'amqplib'
import { whenWritten } from './when-written.ts'

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
  /** Told when those are with the operating system; undefined while nobody waits for that. */
  #written: PromiseWithResolvers<boolean> | undefined
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

  /** Resolves when it is with the operating system; to false when the message comes again instead. */
  ackFirst(tag: number): Promise<boolean> {
    this.#written ??= Promise.withResolvers()
    const { promise } = this.#written
    this.ack(tag)
    return promise
  }

  /** Of the two ways to give back, this is the one that RabbitMQ 4.3 does not count as a failure. */
  giveBack(tag: number): void {
    this.#open.delete(tag)
    this.#send(() => this.#channel.nack(tagged(tag), false, true))
    this.#settled()
  }

  discard(tag: number): void {
    this.#open.delete(tag)
    this.#send(() => this.#channel.reject(tagged(tag), false))
    this.#settled()
  }

  flush(): void {
    const acked = this.#acked
    if (acked.length === 0) return
    const written = this.#written
    this.#acked = []
    this.#written = undefined
    this.#sendAcks(acked)
    if (this.#isLost) written?.resolve(false)
    // Of what was on its way when the connection broke nobody knows: it counts as acknowledged.
    else if (written) whenWritten(this.#channel, () => written.resolve(true))
  }

  lose(): void {
    this.#isLost = true
    this.#acked = []
    this.#written?.resolve(false)
    this.#written = undefined
  }

  #sendAcks(acked: readonly number[]): void {
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
