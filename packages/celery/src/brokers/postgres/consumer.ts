import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '../../log.ts'
import { pauseBefore } from '../../postgres/backoff.ts'
import type { Database } from '../../postgres/database.ts'
import { describeError } from '../../postgres/errors.ts'
import { Signal } from '../../postgres/signal.ts'
import { encodeJson } from '../../protocol/json.ts'
import type { WireMessage } from '../../protocol/message.ts'
import { checkPrefetch } from '../options.ts'
import type { ConsumeOptions, Consumption, Destination, QueueDeclaration } from '../port.ts'
import { type DeliveryOwner, PostgresDelivery } from './delivery.ts'
import type { Lease, LeaseKeeper } from './lease.ts'
import type { Settler } from './settler.ts'
import { Taker } from './taker.ts'

/** What a consumer shares with the others of its broker. */
export interface ConsumerContext {
  database: Database
  schema: string
  leases: LeaseKeeper
  settler: Settler
  log: Log
  publish(message: WireMessage, to: Destination): Promise<void>
  parkedUntil(time: Date): void
}

/**
 * Milliseconds until the queue is looked at again if nothing wakes us. Sooner at first: who published while we asked to be
 * woken did not know of it.
 */
const idlePauses = [20, 100, 300]
const idlePause = 1_000
/** Milliseconds of work without a pause after which publishers need not wake us any more. */
const busyTime = 1_000
/** Milliseconds that room for few messages waits for more of it, so that takes are few and large. */
const gatherTime = 3

export class PostgresConsumer implements Consumption, DeliveryOwner {
  readonly queue: string
  readonly #declaration: QueueDeclaration
  readonly #options: ConsumeOptions
  readonly #context: ConsumerContext
  readonly #taker: Taker
  /** There is room for more, or something else to look at. */
  readonly #roomier = new Signal()
  /** There may be something in the queue. */
  readonly #woken = new Signal()
  #prefetch: number
  #lease: Lease | undefined
  /** Deliveries under that lease that are not settled. */
  #held = 0
  #emptyLooks = 0
  #busySince = 0
  /** The lease under which publishers were asked to wake us. */
  #waitsUnder: Lease | undefined
  #isCancelled = false
  #loop: Promise<void> | undefined

  constructor(declaration: QueueDeclaration, options: ConsumeOptions, context: ConsumerContext) {
    checkPrefetch(options.prefetch)
    this.queue = declaration.name
    this.#declaration = declaration
    this.#options = options
    this.#prefetch = options.prefetch
    this.#context = context
    this.#taker = new Taker(context.database, context.schema, declaration.name)
  }

  async start(): Promise<void> {
    await this.#context.leases.consumes(this.queue)
    this.#loop = this.#run()
  }

  /** There may be something in the queue. */
  wake(): void {
    this.#woken.set()
  }

  /** The server may have forgotten whom to wake. */
  wakeAnew(): void {
    this.#waitsUnder = undefined
    this.wake()
  }

  async setPrefetch(prefetch: number): Promise<void> {
    checkPrefetch(prefetch)
    this.#prefetch = prefetch
    this.#roomier.set()
  }

  async cancel(): Promise<void> {
    if (this.#isCancelled) return
    this.#isCancelled = true
    this.#roomier.set()
    this.#woken.set()
    await this.#loop
    await this.#context.leases.consumesNoMore(this.queue)
  }

  settled(lease: Lease): void {
    if (lease !== this.#lease) return
    this.#held--
    this.#roomier.set()
  }

  async countStart(lease: Lease, id: number): Promise<number | undefined> {
    const { database, schema } = this.#context
    const [row] = await database.persist(
      `UPDATE ${schema}.messages SET starts = starts + 1 WHERE holder = $1 AND id = $2 RETURNING starts - 1`,
      [lease.id, id],
    )
    return row?.[0] as number | undefined
  }

  ack(lease: Lease, id: number): void {
    this.#context.settler.ack(lease, id)
  }

  requeue(lease: Lease, id: number): Promise<void> {
    return this.#context.settler.requeue(lease, id)
  }

  async discard(delivery: PostgresDelivery): Promise<void> {
    const { 'x-dead-letter-exchange': exchange, 'x-dead-letter-routing-key': key } =
      this.#declaration.arguments ?? {}
    if (typeof exchange === 'string') {
      const routingKey = typeof key === 'string' ? key : delivery.routingKey
      await this.#context.publish(delivery.message, { exchange, routingKey }).catch((error) => {
        this.#context.log.warn(
          { reason: describeError(error), exchange },
          'a message could not be dead-lettered',
        )
      })
    }
    this.ack(delivery.lease, delivery.id)
  }

  async park(lease: Lease, id: number, until: Date, headers?: Record<string, unknown>): Promise<void> {
    const text = headers === undefined ? null : encodeJson(headers, 'headers')
    await this.#context.settler.park(lease, id, until, text)
    this.#context.parkedUntil(until)
  }

  async #run(): Promise<void> {
    for (let attempt = 0; !this.#isCancelled; ) {
      try {
        await this.#turn()
        attempt = 0
      } catch (error) {
        this.#context.log.debug(
          { reason: describeError(error), queue: this.queue },
          'messages could not be taken',
        )
        await this.#woken.wait(pauseBefore(attempt++))
      }
    }
  }

  async #turn(): Promise<void> {
    const lease = await this.#context.leases.get()
    if (lease !== this.#lease) {
      this.#lease = lease
      this.#held = 0
    }
    const room = this.#prefetch - this.#held
    if (room <= 0) return this.#roomier.wait()
    if (room < Math.min(this.#prefetch / 4, 64)) {
      await delay(gatherTime)
      if (this.#isCancelled) return
    }
    const { taken, isEmpty, lookAgain } = await this.#taker.take(lease, this.#prefetch - this.#held)
    if (this.#isCancelled) {
      await Promise.all(taken.map(({ id }) => this.requeue(lease, id)))
      return
    }
    this.#held += taken.length
    for (const message of taken) this.#options.onDelivery(new PostgresDelivery(this, lease, message))
    await (isEmpty ? this.#rest(lease, lookAgain) : this.#goOn(lease))
  }

  /** The queue is empty: until something comes. */
  async #rest(lease: Lease, lookAgain: number): Promise<void> {
    this.#busySince = 0
    if (this.#waitsUnder !== lease) {
      const { database, schema } = this.#context
      const text = `INSERT INTO ${schema}.waiting (queue, holder) VALUES ($1, $2) ON CONFLICT DO NOTHING`
      await database.query(text, [this.queue, lease.id])
      this.#waitsUnder = lease
      this.#emptyLooks = 0
      return
    }
    const pause = idlePauses[this.#emptyLooks++] ?? idlePause
    await this.#woken.wait(Math.min(pause, lookAgain))
  }

  /** There is more. */
  async #goOn(lease: Lease): Promise<void> {
    const now = performance.now()
    this.#busySince ||= now
    if (this.#waitsUnder !== lease || now - this.#busySince < busyTime) return
    const { database, schema } = this.#context
    await database.query(`DELETE FROM ${schema}.waiting WHERE queue = $1 AND holder = $2`, [
      this.queue,
      lease.id,
    ])
    this.#waitsUnder = undefined
  }
}
