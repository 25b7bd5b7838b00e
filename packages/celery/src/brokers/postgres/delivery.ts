import type { WireMessage } from '../../protocol/message.ts'
import type { Delivery } from '../port.ts'
import type { Lease } from './lease.ts'
import type { Taken } from './messages.ts'

/** What a delivery asks of the consumer that made it. */
export interface DeliveryOwner {
  readonly queue: string
  settled(lease: Lease): void
  /** It is not settled after all. */
  takenBack(lease: Lease): void
  countStart(lease: Lease, id: number): Promise<number | undefined>
  ack(lease: Lease, id: number): void
  ackFirst(lease: Lease, id: number): Promise<boolean>
  requeue(lease: Lease, id: number): Promise<void>
  discard(delivery: PostgresDelivery): Promise<void>
  park(lease: Lease, id: number, until: Date, headers?: Record<string, unknown>): Promise<void>
}

const done = Promise.resolve()

export class PostgresDelivery implements Delivery {
  readonly #owner: DeliveryOwner
  readonly #taken: Taken
  readonly lease: Lease
  #isSettled = false

  constructor(owner: DeliveryOwner, lease: Lease, taken: Taken) {
    this.#owner = owner
    this.lease = lease
    this.#taken = taken
  }

  get id(): number {
    return this.#taken.id
  }

  get message(): WireMessage {
    return this.#taken.message
  }

  get queue(): string {
    return this.#owner.queue
  }

  get exchange(): string {
    return this.#taken.exchange
  }

  get routingKey(): string {
    return this.#taken.routingKey
  }

  get redelivered(): boolean {
    return this.#taken.redelivered
  }

  get isLost(): boolean {
    return this.lease.isLost
  }

  countStart(): Promise<number | undefined> {
    return this.#owner.countStart(this.lease, this.id)
  }

  ack(): Promise<void> {
    if (this.#settle()) this.#owner.ack(this.lease, this.id)
    return done
  }

  async ackFirst(): Promise<boolean> {
    return this.#settle() && (await this.#owner.ackFirst(this.lease, this.id))
  }

  requeue(): Promise<void> {
    return this.#settle() ? this.#owner.requeue(this.lease, this.id) : done
  }

  discard(): Promise<void> {
    return this.#settle() ? this.#owner.discard(this) : done
  }

  /** When it rejects, it is as it was before, and is to be settled otherwise. */
  async delay(until: Date, headers?: Record<string, unknown>): Promise<void> {
    if (!this.#settle()) return
    try {
      await this.#owner.park(this.lease, this.id, until, headers)
    } catch (error) {
      this.#isSettled = false
      this.#owner.takenBack(this.lease)
      throw error
    }
  }

  /** False when there is nothing left to do. */
  #settle(): boolean {
    if (this.#isSettled) return false
    this.#isSettled = true
    this.#owner.settled(this.lease)
    return !this.lease.isLost
  }
}
