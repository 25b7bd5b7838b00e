import type { WireMessage } from '../../protocol/message.ts'
import type { Delivery } from '../port.ts'
import type { Document } from './document.ts'

/** What a delivery asks of the consumer that holds it. */
export interface Holder {
  readonly queue: string
  /** Milliseconds that a message is this worker's after Redis was last told so. */
  readonly lease: number
  settle(delivery: RedisDelivery): void
  /**
   * Resolves when Redis has it, or perhaps has it as the lease is over; to false when it was never told, or too late and
   * another has the message.
   */
  settleFirst(delivery: RedisDelivery): Promise<boolean>
  /** It is not this worker's any more. */
  giveUp(delivery: RedisDelivery): void
  putBack(delivery: RedisDelivery): Promise<void>
  park(delivery: RedisDelivery, until: Date, headers: Record<string, unknown> | undefined): Promise<void>
  countStart(delivery: RedisDelivery): Promise<number | undefined>
}

/** Milliseconds that a lost connection is waited out, at least and at most. */
const [leastPatienceMs, mostPatienceMs] = [1_000, 60_000]

/**
 * A message in this worker's hands. It does not belong to a connection: its lease is kept alive over any, and it is
 * lost only when that could not be done in time.
 */
export class RedisDelivery implements Delivery {
  readonly message: WireMessage
  readonly tag: string
  readonly document: Document
  /** When Redis was last told that it is held, by this process's clock: never later than Redis's own idea of it. */
  heldAt: number
  isCounted = false
  readonly #holder: Holder
  #isSettled = false
  #isLost = false

  constructor(holder: Holder, document: Document, tag: string, takenAt: number) {
    this.#holder = holder
    this.message = document.message
    this.document = document
    this.tag = tag
    this.heldAt = takenAt
  }

  get queue(): string {
    return this.#holder.queue
  }

  get exchange(): string {
    return this.document.exchange
  }

  get routingKey(): string {
    return this.document.routingKey
  }

  get redelivered(): boolean {
    return this.document.marked !== undefined
  }

  get isLost(): boolean {
    return this.#isLost || this.isOverdue(performance.now())
  }

  /** When somebody else may take it, on the clock of `performance.now()`. */
  get leaseEnd(): number {
    return this.heldAt + this.#holder.lease
  }

  /** Somebody else may have taken it by now. */
  isOverdue(now: number): boolean {
    return now > this.leaseEnd
  }

  /** Settling it does nothing from now on. */
  lose(): void {
    this.#isLost = true
    this.#isSettled = true
  }

  giveUp(): void {
    this.#holder.giveUp(this)
  }

  /** Milliseconds that a lost connection is waited out: after its lease nobody needs what is told of it. */
  get patienceMs(): number {
    return Math.min(mostPatienceMs, Math.max(leastPatienceMs, this.leaseEnd - performance.now()))
  }

  async countStart(): Promise<number | undefined> {
    return await this.#holder.countStart(this)
  }

  async ack(): Promise<void> {
    if (this.#settle()) this.#holder.settle(this)
  }

  async ackFirst(): Promise<boolean> {
    return this.#settle() && (await this.#holder.settleFirst(this))
  }

  async discard(): Promise<void> {
    if (this.#settle()) this.#holder.settle(this)
  }

  /** When it rejects, its lease is no longer kept, and it comes again when that has run out. */
  async requeue(): Promise<void> {
    if (!this.#settle()) return
    try {
      await this.#holder.putBack(this)
    } catch (error) {
      this.giveUp()
      throw error
    }
  }

  /** When it rejects, it is as it was before, and is to be settled otherwise. */
  async delay(until: Date, headers?: Record<string, unknown>): Promise<void> {
    if (!this.#settle()) return
    try {
      await this.#holder.park(this, until, headers)
    } catch (error) {
      this.#isSettled = this.#isLost
      throw error
    }
  }

  #settle(): boolean {
    if (this.#isSettled) return false
    this.#isSettled = true
    return true
  }
}
