import type { ConfirmChannel, Options } from 'amqplib'
import { Deadline } from '../../async/deadline.ts'
import { atMost } from '../../async/within.ts'
import { CeleryError, reasonOf } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { unroutable } from '../options.ts'
import { closed, refusal, replyCode, unavailable } from './errors.ts'
import type { Link } from './link.ts'
import { findReturned, type Outgoing } from './outgoing.ts'
import { SharedHeaders } from './shared-headers.ts'
import { StandingChannel } from './standing-channel.ts'

/** What may be unconfirmed at a time; the rest waits here. */
const mostInFlight = 1_000
const mostBytesInFlight = 64 * 1024 * 1024
/** What may wait altogether, before callers are told to come back later. */
const mostMessages = 100_000
const mostBytes = 512 * 1024 * 1024
/** Milliseconds after which a message that RabbitMQ did not take (a full queue) is sent again. */
const pauseAfterNack = 250
/** Milliseconds between two looks at who has waited too long. */
const sweepEvery = 100
/** Milliseconds for which RabbitMQ, seen to read, is taken to read on. */
const readFor = 250

/**
 * Publishes with confirms: what is not confirmed when the connection breaks is sent again, in the same order. Nothing is
 * written while RabbitMQ is short of memory or disk: it would lie in the socket, be done after the alarm however late,
 * and so be there twice when its caller has sent it again.
 */
export class Publisher {
  readonly #link: Link
  readonly #standing: StandingChannel<ConfirmChannel>
  readonly #all = new Set<Outgoing>()
  readonly #inFlight = new Set<Outgoing>()
  #waiting: Outgoing[] = []
  #bytes = 0
  #bytesInFlight = 0
  /** Among so many messages is one for which RabbitMQ closed the channel: they are sent one by one. */
  #suspects = 0
  readonly #headers = new SharedHeaders()
  #channel: ConfirmChannel | undefined
  #isUsing = false
  /** When RabbitMQ was last seen to read from this channel, in milliseconds of `performance.now()`. */
  #readAt = Number.NEGATIVE_INFINITY
  #isAsking = false
  #sweeper: NodeJS.Timeout | undefined

  /** @param setUp prepares a new channel, for the messages that wait for it */
  constructor(
    link: Link,
    log: Log,
    setUp: (channel: ConfirmChannel, waiting: readonly Outgoing[]) => Promise<void>,
  ) {
    this.#link = link
    link.onUnblocked(() => this.#pump())
    this.#standing = new StandingChannel(link, {
      name: 'publishing',
      log,
      open: (model) => model.createConfirmChannel(),
      setUp: async (channel) => {
        await setUp(channel, this.#waiting)
        this.#use(channel)
      },
      lost: (error) => this.#lose(error),
    })
  }

  start(): Promise<void> {
    return this.#standing.start()
  }

  /** Waits for what is on its way, at most so many seconds. */
  async drain(seconds: number): Promise<void> {
    await atMost(seconds, Promise.allSettled([...this.#all].map(({ settled }) => settled)))
  }

  async stop(): Promise<void> {
    await this.#standing.stop()
    for (const outgoing of this.#all) this.#refuse(outgoing, closed())
    clearInterval(this.#sweeper)
    this.#sweeper = undefined
  }

  /**
   * Resolves with the confirm; `timeout` is in seconds.
   * @param key the routing key, or what makes it whenever the message is sent: how long it is to be parked from then
   * @param untilKnown what was written is waited for beyond the timeout: a rejection says that RabbitMQ has not taken it
   */
  publish(
    exchange: string,
    key: string | (() => string),
    body: Buffer,
    options: Options.Publish,
    timeout: number,
    untilKnown = false,
  ): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    if (this.#all.size >= mostMessages || this.#bytes + body.length > mostBytes) {
      reject(unavailable('Too many messages wait for RabbitMQ; await those sent before you send more'))
      return promise
    }
    const outgoing: Outgoing = {
      exchange,
      key,
      routingKey: keyNow(key),
      body,
      options,
      deadline: new Deadline(timeout),
      untilKnown,
      settled: promise,
      resolve,
      reject,
      isReturned: false,
      isSettled: false,
    }
    this.#all.add(outgoing)
    this.#bytes += body.length
    this.#waiting.push(outgoing)
    this.#sweeper ??= setInterval(() => this.#sweep(), sweepEvery)
    this.#pump()
    return promise
  }

  #use(channel: ConfirmChannel): void {
    // The last one was gone before it was used: it took a message nonetheless.
    this.#lose(undefined)
    channel.on('return', ({ fields, properties }) => {
      const outgoing = findReturned(this.#inFlight, fields, properties.correlationId)
      if (outgoing) outgoing.isReturned = true
    })
    this.#channel = channel
    this.#isUsing = true
    this.#readAt = Number.NEGATIVE_INFINITY
    this.#isAsking = false
    this.#pump()
  }

  #lose(error: Error | undefined): void {
    if (!this.#isUsing) return
    this.#isUsing = false
    this.#channel = undefined
    const unconfirmed = [...this.#inFlight].filter(({ isSettled }) => !isSettled)
    this.#inFlight.clear()
    this.#bytesInFlight = 0
    this.#waiting = unconfirmed.concat(this.#waiting)
    this.#suspects = 0
    if (!error) return
    const [only] = unconfirmed
    if (only && unconfirmed.length === 1) this.#refuse(only, rejection(only, error))
    else this.#suspects = unconfirmed.length
  }

  #pump(): void {
    const channel = this.#channel
    if (!channel || this.#link.isBlocked) return
    let taken = 0
    for (const outgoing of this.#waiting) {
      if (!this.#channel || this.#isAsking || !this.#hasRoom(outgoing)) break
      taken++
      if (outgoing.isSettled) continue
      this.#send(channel, outgoing)
      if (performance.now() - this.#readAt > readFor) void this.#ask(channel)
    }
    if (taken > 0) this.#waiting.splice(0, taken)
  }

  /**
   * RabbitMQ tells of an alarm only when something is published, and reads no further. So the first message after a
   * while goes alone, with a question that changes nothing behind it, whose answer lets the others follow.
   */
  async #ask(channel: ConfirmChannel): Promise<void> {
    this.#isAsking = true
    try {
      await channel.prefetch(0)
    } catch {
      // The channel is gone, which is told elsewhere.
      return
    }
    if (this.#channel !== channel) return
    this.#isAsking = false
    this.#readAt = performance.now()
    this.#pump()
  }

  #hasRoom({ body }: Outgoing): boolean {
    if (this.#suspects > 0) return this.#inFlight.size === 0
    if (this.#inFlight.size === 0) return true
    return this.#inFlight.size < mostInFlight && this.#bytesInFlight + body.length <= mostBytesInFlight
  }

  #send(channel: ConfirmChannel, outgoing: Outgoing): void {
    const { exchange, body, options } = outgoing
    const routingKey = keyNow(outgoing.key)
    outgoing.routingKey = routingKey
    outgoing.isReturned = false
    this.#inFlight.add(outgoing)
    this.#bytesInFlight += body.length
    const sent = { ...options, headers: this.#headers.of(options.headers) }
    try {
      channel.publish(exchange, routingKey, body, sent, (error) => {
        if (!error || wasNacked(error)) this.#confirmed(outgoing, error)
      })
    } catch (error) {
      if (error instanceof Error && error.name === 'IllegalOperationError') {
        // The connection is closing: when it is gone, this is sent again with the rest.
        this.#channel = undefined
        return
      }
      this.#land(outgoing)
      this.#refuse(
        outgoing,
        new CeleryError('BAD_VALUE', `AMQP cannot carry this message: ${reasonOf(error)}`),
      )
    }
  }

  #confirmed(outgoing: Outgoing, nack: unknown): void {
    this.#land(outgoing)
    this.#readAt = performance.now()
    if (this.#suspects > 0) this.#suspects--
    if (nack) this.#sendLater(outgoing)
    else if (outgoing.isReturned) this.#refuse(outgoing, unroutable(outgoing))
    else if (this.#settle(outgoing)) outgoing.resolve()
    // Many at a time: what waits is moved each time.
    if (this.#inFlight.size <= mostInFlight / 2) this.#pump()
  }

  #sendLater(outgoing: Outgoing): void {
    setTimeout(() => {
      if (outgoing.isSettled) return
      this.#waiting.push(outgoing)
      this.#pump()
    }, pauseAfterNack)
  }

  #land(outgoing: Outgoing): void {
    if (this.#inFlight.delete(outgoing)) this.#bytesInFlight -= outgoing.body.length
  }

  #settle(outgoing: Outgoing): boolean {
    if (outgoing.isSettled) return false
    outgoing.isSettled = true
    this.#all.delete(outgoing)
    this.#bytes -= outgoing.body.length
    return true
  }

  #refuse(outgoing: Outgoing, error: Error): void {
    if (this.#settle(outgoing)) outgoing.reject(error)
  }

  #sweep(): void {
    const isWaitedFor = (outgoing: Outgoing) => outgoing.untilKnown && this.#inFlight.has(outgoing)
    const late = [...this.#all].filter((outgoing) => outgoing.deadline.isOver && !isWaitedFor(outgoing))
    for (const outgoing of late) this.#refuse(outgoing, this.#tooLate())
    if (late.length > 0) this.#waiting = this.#waiting.filter(({ isSettled }) => !isSettled)
    if (this.#all.size > 0) return
    clearInterval(this.#sweeper)
    this.#sweeper = undefined
  }

  #tooLate(): CeleryError {
    const { isBlocked, failure } = this.#link
    if (isBlocked) return unavailable('RabbitMQ takes no messages now', failure)
    if (!this.#channel) return unavailable('RabbitMQ could not be reached in time', failure)
    return unavailable('RabbitMQ did not confirm the message in time: it is slow, or the queue is full')
  }
}

function keyNow(key: Outgoing['key']): string {
  return typeof key === 'function' ? key() : key
}

/** The library tells so as well when the channel was closed; then the message is sent again on the next one. */
function wasNacked(error: unknown): boolean {
  return error instanceof Error && error.message === 'message nacked'
}

/** Why RabbitMQ closed the channel over this message. */
function rejection(outgoing: Outgoing, error: Error): CeleryError {
  if (replyCode(error) === 404)
    return new CeleryError('UNROUTABLE', unroutable(outgoing).message, { cause: error })
  if (replyCode(error) !== 406) return refusal(`the exchange ${outgoing.exchange}`, error)
  return new CeleryError('BAD_VALUE', `RabbitMQ refused this message: ${reasonOf(error)}`, { cause: error })
}
