import { Signal } from '../../async/signal.ts'
import type { Log } from '../../log.ts'
import { ConnectionLost } from '../../redis/replies.ts'
import { checkPrefetch } from '../options.ts'
import type { ConsumeOptions, Consumption } from '../port.ts'
import { type Holder, RedisDelivery } from './delivery.ts'
import { decodeDocument, rewriteDocument } from './document.ts'
import { FirstAcks } from './first-acks.ts'
import { delayTaken } from './scripts.ts'
import { Starts } from './starts.ts'
import { type Step, type Taken, Taker, type TakerOptions } from './taker.ts'
import { unackedSuffix } from './unacked.ts'

export interface ConsumerOptions extends ConsumeOptions, Omit<TakerOptions, 'lease'> {
  /** Seconds. */
  leaseTimeout: number
  log: Log
  /** It was cancelled, and everything that it held is settled. */
  onEnd(): void
}

/** Messages taken in one step. */
const perStep = 100
/** Milliseconds that a step waits for more to do. */
const longestPutOff = 1
/** Milliseconds after which an empty queue is looked at though nothing was told: the net behind the bell. */
const lookAgain = 1_000
/** Milliseconds between looks at what Redis refuses, at most. */
const longestPause = 30_000

/**
 * Takes a queue's messages, one step at a time: what was settled while a step was on its way goes with the next, so
 * that a busy worker needs few commands and an idle one none.
 *
 * It does not block on the queue: kombu's BRPOP has the message nowhere but in the reply, and loses it with the
 * connection. BLMOVE keeps it, but waits on one list, and a queue has four. So an empty queue is waited for by
 * client-side caching's notice that one of its lists has changed, which comes as fast as a message; where the server
 * refuses that, by looking every second. All workers that wait are told, and all but one look in vain.
 */
export class RedisConsumer implements Consumption, Holder {
  readonly queue: string
  readonly lease: number
  readonly #options: ConsumerOptions
  readonly #taker: Taker
  readonly #held = new Map<string, RedisDelivery>()
  readonly #call = new Signal()
  readonly #starts: Starts
  #prefetch: number
  #settled: string[] = []
  readonly #firstAcks: FirstAcks
  /** The queue was empty, and the bell has not rung since. */
  #isDrained = false
  #lookedAt = 0
  /** The next step is not put off. */
  #isUrgent = true
  #late: NodeJS.Timeout | undefined
  #isCancelled = false
  #isClosed = false
  #silence: () => void
  #step: Promise<void> = Promise.resolve()

  constructor(options: ConsumerOptions) {
    const { link, keys, queue } = options
    this.#options = options
    this.queue = queue
    this.lease = options.leaseTimeout * 1_000
    this.#prefetch = options.prefetch
    this.#taker = new Taker({ ...options, lease: this.lease })
    this.#starts = new Starts(link, keys)
    this.#firstAcks = new FirstAcks({
      isPerhapsTold: (tag) => this.#taker.isPerhapsSettled(tag),
      onVain: (vain) => {
        this.#settled = this.#settled.filter((tag) => !vain.has(tag))
      },
    })
    this.#silence = link.notices.ring(keys.lists(queue), () => this.look())
  }

  start(): void {
    void this.#run()
  }

  held(): Iterable<RedisDelivery> {
    return this.#held.values()
  }

  /** There may be something in the queue: it was told, or what was told before is of no more worth. */
  look(): void {
    this.#isDrained = false
    this.#hurry()
  }

  async setPrefetch(prefetch: number): Promise<void> {
    checkPrefetch(prefetch)
    this.#prefetch = prefetch
    this.#hurry()
  }

  async cancel(): Promise<void> {
    this.#isCancelled = true
    this.#silence()
    this.#call.set()
    // What a step that is on its way brings goes back.
    await this.#step.catch(() => undefined)
  }

  /** Settles what is to be settled and puts back the rest, as far as there is a connection. */
  async close(): Promise<void> {
    this.#isCancelled = true
    this.#isClosed = true
    this.#silence()
    this.#call.set()
    await this.#step.catch(() => undefined)
    if (this.#settled.length > 0) await this.#take(0)
    const tags = [...this.#held.keys(), ...this.#taker.doubtfulTags]
    // The first that was taken comes last, so that it is in front again.
    await this.#options.restorer.putBack(tags.reverse())
  }

  /** What could not be settled is lost to this worker. */
  loseAll(): void {
    for (const delivery of this.#held.values()) delivery.lose()
    this.#held.clear()
    this.#firstAcks.end()
  }

  giveUp(delivery: RedisDelivery): void {
    delivery.lose()
    this.#release(delivery)
  }

  settle(delivery: RedisDelivery): void {
    if (this.#isClosed) return
    this.#held.delete(delivery.tag)
    this.#settled.push(delivery.tag)
    this.#starts.forget(delivery)
    if (this.#isDue()) this.#call.set()
    else this.#late ??= setTimeout(this.#hurry, longestPutOff)
  }

  settleFirst(delivery: RedisDelivery): Promise<boolean> {
    if (this.#isClosed) return Promise.resolve(false)
    const answer = this.#firstAcks.add(delivery)
    this.settle(delivery)
    this.#hurry()
    return answer
  }

  async putBack(delivery: RedisDelivery): Promise<void> {
    if (this.#isClosed) return
    this.#starts.undo(delivery)
    const { link, restorer } = this.#options
    await link.persist(() => restorer.putBack([delivery.tag]), delivery.patienceMs)
    this.#release(delivery)
  }

  async park(
    delivery: RedisDelivery,
    until: Date,
    headers: Record<string, unknown> | undefined,
  ): Promise<void> {
    if (this.#isClosed) return
    const { link, keys } = this.#options
    const { document, tag } = delivery
    const isAsItWas = headers === undefined && document.marked === undefined
    const text = isAsItWas ? '' : rewriteDocument(document, headers)
    const list = keys.list(this.queue, document.message.properties.priority ?? 0)
    const scriptKeys = [keys.unacked, keys.unackedIndex, keys.delayed, keys.delayedMessages, keys.delayedHead]
    const suffix = Buffer.byteLength(unackedSuffix(this.queue))
    this.#starts.undo(delivery)
    await link.persist(() => {
      // The time that is left, so that clocks of workers and server need not agree.
      const left = Math.max(0, Math.ceil(until.getTime() - Date.now()))
      return link.run(delayTaken, scriptKeys, [tag, left, list, suffix, text])
    }, delivery.patienceMs)
    this.#release(delivery)
  }

  async countStart(delivery: RedisDelivery): Promise<number | undefined> {
    return await this.#starts.count(delivery, delivery.patienceMs)
  }

  async #run(): Promise<void> {
    const { link, log } = this.#options
    let pause = lookAgain
    while (!this.#isClosed && !this.#isOver()) {
      try {
        await link.whenUp()
        this.#step = this.#once()
        await this.#step
        pause = lookAgain
      } catch (error) {
        if (this.#isClosed || link.state === 'closed') return
        if (error instanceof ConnectionLost) continue
        log.error({ err: error, queue: this.queue }, 'Redis refuses to give messages; trying again')
        this.#call.clear()
        await this.#call.wait(pause / 1_000)
        pause = Math.min(2 * pause, longestPause)
      }
    }
    if (!this.#isClosed) this.#options.onEnd()
  }

  #isOver(): boolean {
    return this.#isCancelled && this.#held.size === 0 && this.#settled.length === 0 && !this.#taker.isInDoubt
  }

  /** One step, or a pause when there is nothing to do. */
  async #once(): Promise<void> {
    this.#call.clear()
    if (this.#taker.isInDoubt) {
      const found = await this.#taker.recover()
      if (found) await this.#deliver(found)
    }
    if (this.#isDue()) return await this.#take(this.#want())
    if (this.#isOver()) return
    const isCalled = await this.#call.wait(this.#hasRoom() ? lookAgain / 1_000 : undefined)
    if (!isCalled) this.#isUrgent = true
  }

  /** While half of the window is still in hand, a step waits a moment for what else it could do. */
  #isDue(): boolean {
    if (this.#settled.length === 0 && this.#want() === 0) return false
    if (this.#isUrgent || this.#isCancelled || this.#settled.length >= perStep) return true
    return this.#held.size * 2 <= this.#prefetch
  }

  readonly #hurry = (): void => {
    clearTimeout(this.#late)
    this.#late = undefined
    this.#isUrgent = true
    this.#call.set()
  }

  #hasRoom(): boolean {
    return !this.#isCancelled && this.#held.size < this.#prefetch
  }

  #want(): number {
    if (!this.#hasRoom() || this.#waitsForBell()) return 0
    return Math.min(perStep, this.#prefetch - this.#held.size)
  }

  #waitsForBell(): boolean {
    if (!this.#isDrained || performance.now() - this.#lookedAt >= lookAgain) return false
    // Where no bell rings, a look that costs nothing is taken.
    return this.#settled.length === 0 || this.#options.link.notices.isTracking
  }

  async #take(want: number): Promise<void> {
    const settled = this.#settled
    const firstAcks = this.#firstAcks.take()
    const now = performance.now()
    this.#settled = []
    this.#isUrgent = false
    if (want > 0) {
      this.#isDrained = true
      this.#lookedAt = now
    }
    let step: Step
    try {
      step = await this.#taker.take(want, settled, now)
    } catch (error) {
      this.#settled = settled.concat(this.#settled)
      this.#firstAcks.takeBack(firstAcks)
      this.#isDrained = false
      throw error
    }
    const { texts, isFull, gone, refusal } = step
    for (const { delivery, answer } of firstAcks) answer(!gone.has(delivery.tag))
    // A bell that rang meanwhile has undone the first half of this.
    if (isFull || texts.length === want) this.#isDrained = false
    if (isFull || texts.length === perStep) this.#isUrgent = true
    await this.#deliver(step)
    if (refusal === undefined || texts.length > 0) return
    this.#isDrained = false
    throw refusal
  }

  async #deliver({ texts, tagAt, takenAt }: Taken): Promise<void> {
    if (this.#isCancelled && texts.length > 0) {
      return await this.#options.restorer.putBack(texts.map((_, n) => tagAt(n)).reverse())
    }
    const deliveries: RedisDelivery[] = []
    for (let n = 0; n < texts.length; n++) {
      const delivery = new RedisDelivery(this, decodeDocument(texts[n] ?? ''), tagAt(n), takenAt)
      this.#held.set(delivery.tag, delivery)
      deliveries.push(delivery)
    }
    for (const delivery of deliveries) this.#options.onDelivery(delivery)
  }

  #release(delivery: RedisDelivery): void {
    if (this.#held.delete(delivery.tag)) this.#hurry()
  }
}
