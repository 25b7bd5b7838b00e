import { timerOf } from '../../async/timer.ts'
import type { RedisDelivery } from './delivery.ts'

/** An acknowledgement whose answer somebody waits for before a task begins. */
export interface FirstAck {
  readonly delivery: RedisDelivery
  /** Whether Redis has it, or perhaps has it. */
  answer(isTold: boolean): void
}

export interface FirstAcksOptions {
  /** A step without an answer may have told Redis. */
  isPerhapsTold(tag: string): boolean
  /** It is answered that these are in vain: Redis must not be told any more, as the messages come again to be begun. */
  onVain(tags: ReadonlySet<string>): void
}

/**
 * Acknowledgements that wait to be told to Redis before something begins. Each is answered when its lease is over at the
 * latest, as then its message may come again: in vain if Redis was never told, but not if it may have been.
 */
export class FirstAcks {
  readonly #options: FirstAcksOptions
  #waiting: FirstAck[] = []
  #isEnded = false
  #timer: NodeJS.Timeout | undefined
  #timerAt = Number.POSITIVE_INFINITY

  constructor(options: FirstAcksOptions) {
    this.#options = options
  }

  add(delivery: RedisDelivery): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    this.#waiting.push({ delivery, answer: resolve })
    this.#wakeAt(delivery.leaseEnd)
    return promise
  }

  /** Those that go with a step, which answers them unless it fails. */
  take(): FirstAck[] {
    const taken = this.#waiting
    this.#waiting = []
    return taken
  }

  /** Their step has failed. */
  takeBack(acks: readonly FirstAck[]): void {
    this.#waiting = [...acks, ...this.#waiting]
    this.#answerOverdue()
  }

  /** Redis is told nothing any more. */
  end(): void {
    this.#isEnded = true
    this.#answerOverdue()
  }

  /** One timer for all, at the earliest end; it goes on when nothing waits, which costs less than to stop it. */
  #wakeAt(leaseEnd: number): void {
    if (leaseEnd >= this.#timerAt) return
    clearTimeout(this.#timer)
    this.#timerAt = leaseEnd
    // Timers may ring a little early.
    const seconds = Math.max(0, leaseEnd - performance.now() + 1) / 1_000
    this.#timer = setTimeout(() => this.#answerOverdue(), timerOf(seconds)).unref()
  }

  #answerOverdue(): void {
    clearTimeout(this.#timer)
    this.#timerAt = Number.POSITIVE_INFINITY
    const now = performance.now()
    const isOver = ({ delivery }: FirstAck) => this.#isEnded || delivery.isOverdue(now)
    const over = this.#waiting.filter(isOver)
    this.#waiting = this.#waiting.filter((ack) => !isOver(ack))
    const tags = over.map(({ delivery }) => delivery.tag)
    const vain = new Set(tags.filter((tag) => !this.#options.isPerhapsTold(tag)))
    if (vain.size > 0) this.#options.onVain(vain)
    for (const { delivery, answer } of over) answer(!vain.has(delivery.tag))
    for (const { delivery } of this.#waiting) this.#wakeAt(delivery.leaseEnd)
  }
}
