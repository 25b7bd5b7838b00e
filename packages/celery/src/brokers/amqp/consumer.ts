import type { Channel, ConsumeMessage } from 'amqplib'
import { backoff } from '../../async/backoff.ts'
import { pause } from '../../async/pause.ts'
import { reasonOf } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { checkPrefetch } from '../options.ts'
import type { ConsumeOptions, Consumption, QueueDeclaration } from '../port.ts'
import { declareQueue } from './declarations.ts'
import { AmqpDelivery, type Park } from './delivery.ts'
import { DeliveryChannel } from './delivery-channel.ts'
import type { Link } from './link.ts'
import { StandingChannel } from './standing-channel.ts'

/** Each raise of the prefetch adds a subscription; when there are so many they are made one again. */
const mostSubscriptions = 4

export interface ConsumerContext {
  log: Log
  park: Park
  /** Makes what is parked for a queue come to it. */
  serve(queue: string): Promise<void>
  /** It was cancelled and all its deliveries are settled, or it was stopped. */
  ended(): void
}

/** Consumes one queue, on a channel of its own that is opened again when it is lost. */
export class AmqpConsumer implements Consumption {
  readonly #queue: QueueDeclaration
  readonly #onDelivery: ConsumeOptions['onDelivery']
  readonly #context: ConsumerContext
  readonly #standing: StandingChannel<Channel>
  readonly #cancelling = new AbortController()
  /** Messages that RabbitMQ has sent beyond the prefetch, as it does not count those of a subscription that was ended. */
  #held: ConsumeMessage[] = []
  #prefetch: number
  #channel: Channel | undefined
  /** Aborted when that channel is lost. */
  #lost = new AbortController()
  #deliveries: DeliveryChannel | undefined
  #tags: string[] = []
  /** The prefetch of all subscriptions together. */
  #window = 0
  /** There is no subscription until more is settled. */
  #isWaiting = false
  #change: Promise<void> = Promise.resolve()
  #isPouring = false

  constructor(
    link: Pick<Link, 'connected'>,
    queue: QueueDeclaration,
    options: ConsumeOptions,
    context: ConsumerContext,
  ) {
    const { log } = context
    checkPrefetch(options.prefetch)
    this.#queue = queue
    this.#prefetch = options.prefetch
    this.#onDelivery = options.onDelivery
    this.#context = context
    this.#standing = new StandingChannel(link, {
      name: `the queue ${queue.name}`,
      log,
      open: (model) => model.createChannel(),
      setUp: (channel) => this.#begin(channel),
      lost: () => this.#lose(),
    })
  }

  start(): Promise<void> {
    return this.#standing.start()
  }

  async setPrefetch(prefetch: number): Promise<void> {
    checkPrefetch(prefetch)
    await this.#serially(async () => {
      this.#prefetch = prefetch
      const channel = this.#channel
      const more = prefetch - this.#window
      if (this.#isCancelled || !channel || more === 0) return
      // A subscription keeps the prefetch that it began with.
      if (more > 0 && this.#tags.length > 0 && this.#tags.length < mostSubscriptions) {
        return this.#subscribe(channel, more)
      }
      await this.#unsubscribe(channel)
      await this.#fill(channel)
    })
  }

  cancel(): Promise<void> {
    if (this.#isCancelled) return this.#change
    this.#cancelling.abort()
    return this.#serially(async () => {
      if (this.#channel) await this.#unsubscribe(this.#channel)
      await this.#giveBackHeld()
      await this.#endWhenSettled()
    })
  }

  /** Ends it at once: RabbitMQ puts back what is not settled. */
  async stop(): Promise<void> {
    this.#cancelling.abort()
    this.#deliveries?.flush()
    this.#deliveries?.lose()
    this.#context.ended()
    await this.#standing.stop()
  }

  async #begin(channel: Channel): Promise<void> {
    await this.#declare(channel)
    // In its turn: a new prefetch that is said meanwhile would subscribe beside it.
    await this.#inTurn(async () => {
      this.#held = []
      this.#channel = channel
      this.#lost = new AbortController()
      this.#deliveries = new DeliveryChannel(channel, () => this.#settled())
      this.#tags = []
      this.#window = 0
      if (!this.#isCancelled) await this.#fill(channel)
    })
  }

  async #declare(channel: Channel): Promise<void> {
    await declareQueue(channel, this.#queue)
    try {
      await this.#context.serve(this.#queue.name)
    } catch (error) {
      const fields = { queue: this.#queue.name, reason: reasonOf(error) }
      this.#context.log.warn(fields, 'what is parked for the queue may not come back to it')
    }
  }

  #lose(): void {
    this.#deliveries?.lose()
    this.#channel = undefined
    this.#lost.abort()
    this.#held = []
    if (this.#isCancelled) void this.stop()
  }

  /** Begins anew once there is room: RabbitMQ does not count what it delivered to a subscription that has ended. */
  async #fill(channel: Channel): Promise<void> {
    this.#isWaiting = this.#open() >= this.#prefetch
    if (!this.#isWaiting) await this.#subscribe(channel, this.#prefetch)
    this.#pour()
  }

  async #subscribe(channel: Channel, prefetch: number): Promise<void> {
    await channel.prefetch(prefetch, false)
    const deliveries = this.#deliveries
    let tag: string | undefined
    let isEnded = false
    const onMessage = (message: ConsumeMessage | null) => {
      if (deliveries !== this.#deliveries) return
      if (message) {
        deliveries?.receive(message.fields.deliveryTag)
        this.#receive(message)
        return
      }
      isEnded = true
      if (tag !== undefined) this.#wasEnded(channel, tag)
    }
    tag = (await channel.consume(this.#queue.name, onMessage)).consumerTag
    this.#tags.push(tag)
    this.#window += prefetch
    if (isEnded) this.#wasEnded(channel, tag)
  }

  async #unsubscribe(channel: Channel): Promise<void> {
    this.#window = 0
    for (const tag of this.#tags.splice(0)) await channel.cancel(tag)
  }

  get #isCancelled(): boolean {
    return this.#cancelling.signal.aborted
  }

  #open(): number {
    return (this.#deliveries?.unsettled ?? 0) + this.#held.length
  }

  /** RabbitMQ has ended the subscriptions, as the queue was deleted or moves to another node. */
  #wasEnded(channel: Channel, tag: string): void {
    if (!this.#tags.includes(tag)) return
    this.#tags = []
    this.#window = 0
    this.#context.log.warn(
      { queue: this.#queue.name },
      'RabbitMQ has ended the consumer: the queue is consumed again',
    )
    void this.#serially(() => this.#subscribeAgain(channel))
  }

  async #subscribeAgain(channel: Channel): Promise<void> {
    const over = AbortSignal.any([this.#cancelling.signal, this.#lost.signal])
    for (let attempt = 0; this.#channel === channel && !this.#isCancelled; attempt++) {
      try {
        await this.#declare(channel)
        return await this.#fill(channel)
      } catch (error) {
        const fields = { queue: this.#queue.name, reason: reasonOf(error) }
        this.#context.log.warn(fields, 'the queue could not be consumed again')
      }
      // The next channel waits for its turn.
      await pause(backoff(attempt), over)
    }
  }

  #receive(message: ConsumeMessage): void {
    const deliveries = this.#deliveries
    if (!deliveries || deliveries.isLost) return
    if (deliveries.unsettled >= this.#prefetch) {
      this.#held.push(message)
      return
    }
    this.#onDelivery(this.#handOut(message, deliveries))
  }

  #handOut(message: ConsumeMessage, deliveries: DeliveryChannel): AmqpDelivery {
    deliveries.handOut()
    return new AmqpDelivery(message, this.#queue, deliveries, this.#context.park)
  }

  #settled(): void {
    if (this.#held.length > 0) this.#pour()
    else if (this.#isWaiting && !this.#isCancelled) this.#resume()
    else if (this.#isCancelled) void this.#endWhenSettled()
  }

  #resume(): void {
    const channel = this.#channel
    if (!channel || this.#open() >= this.#prefetch) return
    this.#isWaiting = false
    void this.#serially(() => this.#fill(channel))
  }

  /** Hands out what was held back, in a turn of its own: who settles a delivery does not expect the next meanwhile. */
  #pour(): void {
    if (this.#isPouring) return
    this.#isPouring = true
    queueMicrotask(() => {
      this.#isPouring = false
      for (const message of this.#held.splice(0)) this.#receive(message)
    })
  }

  async #giveBackHeld(): Promise<void> {
    const deliveries = this.#deliveries
    if (!deliveries) return
    await Promise.all(this.#held.splice(0).map((message) => this.#handOut(message, deliveries).requeue()))
  }

  async #endWhenSettled(): Promise<void> {
    const deliveries = this.#deliveries
    if (deliveries && deliveries.unsettled > 0 && !deliveries.isLost) return
    await this.stop()
  }

  /** As `#inTurn`, of a change that is done with the next channel when this one is lost meanwhile. */
  #serially(change: () => Promise<void>): Promise<void> {
    void this.#inTurn(change)
    return this.#change
  }

  /** One change of the subscription at a time. Rejects as the change does, and the next has its turn. */
  #inTurn(change: () => Promise<void>): Promise<void> {
    const done = this.#change.then(change)
    this.#change = done.catch((error: unknown) => {
      const fields = { queue: this.#queue.name, reason: reasonOf(error) }
      this.#context.log.debug(fields, 'the channel was lost meanwhile')
    })
    return done
  }
}
