import type { WireMessage } from '../../protocol/message.ts'
import type { Delivery } from '../port.ts'
import type { MemoryConsumer } from './consumer.ts'
import { copyHeaders, copyMessage, type StoredMessage } from './stored-message.ts'

export class MemoryDelivery implements Delivery {
  readonly message: WireMessage
  readonly queue: string
  readonly exchange: string
  readonly routingKey: string
  readonly redelivered: boolean
  readonly #consumer: MemoryConsumer
  readonly #stored: StoredMessage
  #isSettled = false
  #isCounted = false
  #isLost = false

  constructor(consumer: MemoryConsumer, stored: StoredMessage) {
    this.message = copyMessage(stored.message)
    this.queue = consumer.queue.name
    this.exchange = stored.exchange
    this.routingKey = stored.routingKey
    this.redelivered = stored.redelivered
    this.#consumer = consumer
    this.#stored = stored
  }

  get isLost(): boolean {
    return this.#isLost
  }

  async countStart(): Promise<number | undefined> {
    // This one is counted, and the first, which was not redelivered, is not.
    if (this.#isSettled || this.#isCounted) return this.#stored.starts + (this.#isCounted ? 0 : 1)
    this.#isCounted = true
    this.#stored.starts += 1
    return this.#stored.starts
  }

  async ack(): Promise<void> {
    this.#settle()
  }

  async ackFirst(): Promise<boolean> {
    return this.#settle()
  }

  async requeue(): Promise<void> {
    if (!this.#settle()) return
    this.#uncount()
    this.#consumer.queue.putBack(this.#stored)
  }

  async discard(): Promise<void> {
    if (this.#settle()) this.#consumer.deadLetter(this.#stored)
  }

  async delay(until: Date, headers?: Record<string, unknown>): Promise<void> {
    if (this.#isSettled) return
    const copied = copyHeaders(headers ?? this.message.headers)
    if (!this.#settle()) return
    this.#uncount()
    const message = { ...this.#stored.message, headers: copied }
    const parked = { ...this.#stored, message, expiresAt: undefined, redelivered: false }
    this.#consumer.park(parked, until)
  }

  /** The broker was closed: it goes back, and whoever has it here can do nothing for it. */
  lose(): void {
    if (!this.#settle()) return
    this.#isLost = true
    this.#consumer.queue.putBack(this.#stored)
  }

  #settle(): boolean {
    if (this.#isSettled) return false
    this.#isSettled = true
    this.#consumer.settled(this)
    return true
  }

  #uncount(): void {
    if (this.#isCounted) this.#stored.starts--
  }
}
