import { backoff } from '../../async/backoff.ts'
import { Signal } from '../../async/signal.ts'
import { CeleryError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import type { Database } from '../../postgres/database.ts'
import { describeError, logFailure } from '../../postgres/errors.ts'
import type { WireMessage } from '../../protocol/message.ts'
import { encodeMended } from '../mended-json.ts'
import { checkPrefetch } from '../options.ts'
import type { ConsumeOptions, Consumption, Destination, QueueDeclaration } from '../port.ts'
import { type DeliveryOwner, PostgresDelivery } from './delivery.ts'
import { Doubt } from './doubt.ts'
import { Idling } from './idling.ts'
import { type Lease, LeaseKeeper } from './lease.ts'
import type { Holder, Settler } from './settler.ts'
import { Taker } from './taker.ts'

/** What a consumer shares with the others of its broker. */
export interface ConsumerContext {
  database: Database
  schema: string
  /** Seconds. */
  leaseTimeout: number
  settler: Settler
  log: Log
  publish(message: WireMessage, to: Destination): Promise<void>
  parkedUntil(time: Date): void
  /** It is cancelled, and all it held is settled. */
  onEnd(consumer: PostgresConsumer): void
}

/** Milliseconds that room for few messages waits for more of it, and room for how many waits no longer. */
const gatherTime = 5
const largeTake = 250
/** Milliseconds after which what could not be dead-lettered comes again. */
const asideFor = 60_000

export class PostgresConsumer implements Consumption, DeliveryOwner, Holder {
  readonly queue: string
  readonly #declaration: QueueDeclaration
  readonly #options: ConsumeOptions
  readonly #context: ConsumerContext
  readonly #leases: LeaseKeeper
  readonly #taker: Taker
  /** There is room for more, or something else to look at. */
  readonly #roomier = new Signal()
  readonly #idling: Idling
  readonly #doubt: Doubt
  #prefetch: number
  #lease: Lease | undefined
  /** Deliveries under that lease that are not settled. */
  #unsettled = 0
  /** Those, and what is settled here but perhaps not yet at the server. */
  readonly #held = new Set<number>()
  #isCancelled = false
  #loop: Promise<void> | undefined

  constructor(declaration: QueueDeclaration, options: ConsumeOptions, context: ConsumerContext) {
    checkPrefetch(options.prefetch)
    const { database, schema, log, leaseTimeout: timeout } = context
    this.queue = declaration.name
    this.#declaration = declaration
    this.#options = options
    this.#prefetch = options.prefetch
    this.#context = context
    const onLost = () => this.#leaseLost()
    this.#leases = new LeaseKeeper({ database, schema, queue: this.queue, timeout, log, onLost })
    this.#taker = new Taker(database, schema, this.queue)
    this.#idling = new Idling(database, schema, this.queue)
    this.#doubt = new Doubt(database, schema)
  }

  async start(): Promise<void> {
    await this.#leases.get()
    this.#loop = this.#run()
  }

  /** There may be something in the queue. */
  wake(): void {
    this.#idling.wake()
  }

  /** The server may have forgotten us. */
  wakeAnew(): void {
    this.#idling.wakeAnew()
    this.#roomier.set()
  }

  async setPrefetch(prefetch: number): Promise<void> {
    checkPrefetch(prefetch)
    this.#prefetch = prefetch
    this.#roomier.set()
  }

  async cancel(): Promise<void> {
    if (!this.#isCancelled) {
      this.#isCancelled = true
      this.#roomier.set()
      this.#idling.wake()
    }
    await this.#loop
    try {
      await this.#leases.takesNoMore()
    } finally {
      this.#endWhenDone()
    }
  }

  /** What is not settled goes back. */
  async end(): Promise<void> {
    try {
      await this.#leases.close()
    } finally {
      this.#context.onEnd(this)
    }
  }

  settled(lease: Lease): void {
    if (lease !== this.#lease) return
    this.#unsettled--
    this.#roomier.set()
  }

  takenBack(lease: Lease): void {
    if (lease === this.#lease) this.#unsettled++
  }

  letGo(lease: Lease, id: number): void {
    if (lease !== this.#lease) return
    this.#held.delete(id)
    if (this.#isCancelled) this.#endWhenDone()
  }

  async countStart(lease: Lease, id: number): Promise<number | undefined> {
    const { database, schema } = this.#context
    const [row] = await database.persist(
      `SELECT starts FROM ${schema}.messages WHERE holder = $1 AND id = $2`,
      [lease.id, id],
    )
    if (row === undefined) return undefined
    // This one is counted, and the first, which was not redelivered, is not. Nobody else counts what is held here, so
    // that the number can be said: an answer that was lost makes it ask again, but never count twice.
    const starts = Number(row[0]) + 1
    const [counted] = await database.persist(
      `UPDATE ${schema}.messages SET starts = $3 WHERE holder = $1 AND id = $2 RETURNING 1`,
      [lease.id, id, starts],
    )
    return counted && starts
  }

  ack(lease: Lease, id: number): void {
    this.#context.settler.ack(this, lease, id)
  }

  ackFirst(lease: Lease, id: number): Promise<boolean> {
    return this.#context.settler.ackFirst(this, lease, id)
  }

  requeue(lease: Lease, id: number): Promise<void> {
    return this.#context.settler.requeue(this, lease, id)
  }

  async discard(delivery: PostgresDelivery): Promise<void> {
    const { 'x-dead-letter-exchange': exchange, 'x-dead-letter-routing-key': key } =
      this.#declaration.arguments ?? {}
    if (typeof exchange === 'string') {
      const routingKey = typeof key === 'string' ? key : delivery.routingKey
      try {
        await this.#context.publish(delivery.message, { exchange, routingKey })
      } catch (error) {
        const fields = { reason: describeError(error), exchange }
        this.#context.log.warn(fields, 'a message could not be dead-lettered')
        // As on RabbitMQ, one that no queue wants is gone.
        const isUnwanted = error instanceof CeleryError && error.code === 'UNROUTABLE'
        if (!isUnwanted) return await this.#comeAgain(delivery)
      }
    }
    this.ack(delivery.lease, delivery.id)
  }

  async #comeAgain({ lease, id }: PostgresDelivery): Promise<void> {
    await this.park(lease, id, new Date(Date.now() + asideFor)).catch(() => this.requeue(lease, id))
  }

  async park(lease: Lease, id: number, until: Date, headers?: Record<string, unknown>): Promise<void> {
    const text = headers === undefined ? null : encodeMended(headers, 'headers')
    await this.#context.settler.park(this, lease, id, until, text)
    this.#context.parkedUntil(until)
  }

  async #run(): Promise<void> {
    for (let attempt = 0; !this.#isCancelled; ) {
      try {
        await this.#turn()
        attempt = 0
      } catch (error) {
        logFailure(this.#context.log, error, { queue: this.queue }, 'messages could not be taken')
        this.#doubt.begin()
        await this.#idling.wait(backoff(attempt++))
      }
    }
  }

  async #turn(): Promise<void> {
    const lease = await this.#leases.get()
    if (lease !== this.#lease) {
      this.#lease = lease
      this.#unsettled = 0
      this.#held.clear()
    }
    await this.#doubt.look(lease, this.#held)
    if (this.#room <= 0) {
      await this.#roomier.wait(this.#doubt.pause)
      return
    }
    await this.#gatherRoom()
    if (this.#isCancelled) return
    const { taken, isEmpty, lookAgain } = await this.#taker.take(lease, this.#room)
    for (const { id } of taken) this.#held.add(id)
    if (this.#isCancelled) {
      await Promise.all(taken.map(({ id }) => this.requeue(lease, id)))
      return
    }
    this.#unsettled += taken.length
    for (const message of taken) this.#options.onDelivery(new PostgresDelivery(this, lease, message))
    await (isEmpty ? this.#idling.rest(lease, lookAgain) : this.#idling.goOn(lease))
  }

  get #room(): number {
    return this.#prefetch - this.#unsettled
  }

  /** So that takes are few and large: each costs as much as dozens of messages. */
  async #gatherRoom(): Promise<void> {
    const enough = Math.min(this.#prefetch / 2, largeTake)
    const end = performance.now() + gatherTime
    for (let left = gatherTime; left > 0 && this.#room < enough; left = end - performance.now()) {
      await this.#roomier.wait(left / 1_000)
      if (this.#isCancelled) return
    }
  }

  #leaseLost(): void {
    this.wakeAnew()
    if (!this.#isCancelled) return
    this.#held.clear()
    this.#endWhenDone()
  }

  #endWhenDone(): void {
    if (this.#held.size > 0) return
    this.end().catch((error) => {
      this.#context.log.debug({ reason: describeError(error) }, 'a lease is left to run out')
    })
  }
}
