import type { WireMessage } from '../../protocol/message.ts'
import { Timetable } from '../memory/timetable.ts'
import { checkPrefetch } from '../options.ts'
import type { ConsumeOptions, Consumption, Delivery } from '../port.ts'
import type { Document } from './document.ts'

/** What this process has of a message that a fanout exchange told to all who listened. */
interface Copy {
  readonly document: Document
  isRedelivered: boolean
  /** How often it was begun and never settled. */
  starts: number
}

/** Tags by which a message is known that is told twice, since its sender did not hear that it was told. */
const mostTags = 1_000

/** Copies that wait here at most, for room or for their time: nothing holds back who tells. */
const mostCopies = 10_000

interface CopyConsumerHooks {
  /** It is cancelled and all its deliveries are settled. So many copies that it had are gone. */
  onEnd(gone: number): void
  /** There is no room for a copy, which is gone. */
  onDropped(): void
}

/** Hands out copies in their order. They wait in memory, and so does what is parked: all of it ends with this. */
export class CopyConsumer implements Consumption {
  readonly queue: string
  readonly #onDelivery: ConsumeOptions['onDelivery']
  readonly #hooks: CopyConsumerHooks
  readonly #held = new Set<CopyDelivery>()
  readonly #parked = new Timetable()
  readonly #tags = new Set<string>()
  #waiting: Copy[] = []
  #prefetch: number
  #isCancelled = false
  #isDispatching = false
  #hasEnded = false

  constructor(queue: string, { prefetch, onDelivery }: ConsumeOptions, hooks: CopyConsumerHooks) {
    this.queue = queue
    this.#prefetch = prefetch
    this.#onDelivery = onDelivery
    this.#hooks = hooks
    this.#parked.start()
  }

  get waiting(): number {
    return this.#waiting.length
  }

  hear(document: Document): void {
    const { tag } = document
    if (this.#isCancelled || (tag !== undefined && this.#tags.has(tag))) return
    if (this.#waiting.length + this.#parked.size >= mostCopies) {
      this.#hooks.onDropped()
      return
    }
    if (tag !== undefined) this.#remember(tag)
    this.#waiting.push({ document, isRedelivered: false, starts: 0 })
    this.#dispatch()
  }

  putBack(copy: Copy): void {
    this.#waiting.unshift({ ...copy, isRedelivered: true })
    this.#dispatch()
  }

  park(copy: Copy, until: Date): void {
    this.#parked.add(until.getTime(), () => {
      this.#waiting.push({ ...copy, isRedelivered: false })
      this.#dispatch()
    })
  }

  settled(delivery: CopyDelivery): void {
    this.#held.delete(delivery)
    this.#dispatch()
    if (this.#isCancelled) this.#endWhenSettled()
  }

  purge(): number {
    return this.#waiting.splice(0).length
  }

  async setPrefetch(prefetch: number): Promise<void> {
    checkPrefetch(prefetch)
    this.#prefetch = prefetch
    this.#dispatch()
  }

  async cancel(): Promise<void> {
    this.#isCancelled = true
    this.#endWhenSettled()
  }

  close(): void {
    this.#isCancelled = true
    for (const delivery of this.#held) delivery.lose()
    this.#held.clear()
    this.#endWhenSettled()
  }

  #remember(tag: string): void {
    const [oldest] = this.#tags
    if (this.#tags.size >= mostTags && oldest !== undefined) this.#tags.delete(oldest)
    this.#tags.add(tag)
  }

  /**
   * In the next turn of the event loop: never within the call that caused it. What is given back at once waits for
   * another, or this one would never end.
   */
  #dispatch(): void {
    if (this.#isDispatching || this.#waiting.length === 0) return
    this.#isDispatching = true
    setImmediate(() => {
      this.#isDispatching = false
      for (let left = this.#waiting.length; left > 0 && this.#hasRoom(); left--) {
        const copy = this.#waiting.shift()
        if (!copy) return
        const delivery = new CopyDelivery(this, copy)
        this.#held.add(delivery)
        this.#onDelivery(delivery)
      }
    })
  }

  #hasRoom(): boolean {
    return !this.#isCancelled && this.#held.size < this.#prefetch
  }

  #endWhenSettled(): void {
    if (this.#held.size > 0 || this.#hasEnded) return
    this.#hasEnded = true
    this.#parked.stop()
    const gone = this.#waiting.length + this.#parked.size
    this.#waiting = []
    this.#hooks.onEnd(gone)
  }
}

class CopyDelivery implements Delivery {
  readonly message: WireMessage
  readonly queue: string
  readonly exchange: string
  readonly routingKey: string
  readonly redelivered: boolean
  readonly #consumer: CopyConsumer
  readonly #copy: Copy
  #isSettled = false
  #isCounted = false
  #isLost = false

  constructor(consumer: CopyConsumer, copy: Copy) {
    this.message = copy.document.message
    this.queue = consumer.queue
    this.exchange = copy.document.exchange
    this.routingKey = copy.document.routingKey
    this.redelivered = copy.isRedelivered
    this.#consumer = consumer
    this.#copy = copy
  }

  /** No connection takes it away, nor does anybody else have it. */
  get isLost(): boolean {
    return this.#isLost
  }

  async countStart(): Promise<number | undefined> {
    // This one is counted, and the first, which was not redelivered, is not.
    if (this.#isSettled || this.#isCounted) return this.#copy.starts + (this.#isCounted ? 0 : 1)
    this.#isCounted = true
    return ++this.#copy.starts
  }

  async ack(): Promise<void> {
    this.#settle()
  }

  async ackFirst(): Promise<boolean> {
    return this.#settle()
  }

  async discard(): Promise<void> {
    this.#settle()
  }

  async requeue(): Promise<void> {
    if (this.#isSettled) return
    this.#uncount()
    this.#consumer.putBack(this.#copy)
    this.#settle()
  }

  async delay(until: Date, headers = this.message.headers): Promise<void> {
    if (this.#isSettled) return
    this.#uncount()
    const { document } = this.#copy
    const message = { ...this.message, headers }
    this.#consumer.park({ ...this.#copy, document: { ...document, message } }, until)
    this.#settle()
  }

  lose(): void {
    this.#isLost = true
    this.#isSettled = true
  }

  #settle(): boolean {
    if (this.#isSettled) return false
    this.#isSettled = true
    this.#consumer.settled(this)
    return true
  }

  #uncount(): void {
    if (this.#isCounted) this.#copy.starts--
  }
}
