import { Deadline } from '../../async/deadline.ts'
import { CeleryError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { BatchWriter } from '../../postgres/batch-writer.ts'
import { closeInSteps } from '../../postgres/close.ts'
import { Database } from '../../postgres/database.ts'
import { Listener } from '../../postgres/listener.ts'
import { prepareSchema } from '../../postgres/migrate.ts'
import type { OpenedPool } from '../../postgres/pool.ts'
import type { Schema } from '../../postgres/schema.ts'
import { encodeJson } from '../../protocol/json.ts'
import type { WireMessage } from '../../protocol/message.ts'
import { unroutable } from '../options.ts'
import type {
  ConsumeOptions,
  Consumption,
  Destination,
  PublishOptions,
  QueueDeclaration,
  SqlClient,
} from '../port.ts'
import { Casts } from './casts.ts'
import { PostgresConsumer } from './consumer.ts'
import { type Outgoing, outgoing, publishStatement, sizeOf } from './messages.ts'
import { type Binding, bindingOf, Routes } from './routes.ts'
import { Settler } from './settler.ts'
import { Upkeep } from './upkeep.ts'

export interface ConnectOptions {
  opened: OpenedPool
  schema: Schema
  migrate: boolean
  closing: AbortSignal
  leaseTimeout: number
  log: Log
  onState(state: 'open' | 'reconnecting', error?: Error): void
}

/** Milliseconds to wait for PostgreSQL where the caller does not say. */
const patienceMs = 10_000

/** All that a broker has between `open` and `close`. */
export class Connected {
  readonly database: Database
  readonly casts: Casts
  readonly #options: ConnectOptions
  readonly #schema: string
  readonly #listener: Listener
  readonly #routes = new Routes()
  readonly #writer: BatchWriter<Outgoing>
  readonly #settler: Settler
  readonly #upkeep: Upkeep
  readonly #consumers = new Set<PostgresConsumer>()
  #isClosing = false

  constructor(options: ConnectOptions) {
    const { opened, schema, log, leaseTimeout } = options
    const { pool } = opened
    this.#options = options
    this.#schema = schema.name
    const database = new Database(opened, 'BROKER_UNAVAILABLE')
    this.database = database
    this.#listener = new Listener(pool, { log, onState: (state, error) => this.#stateIs(state, error) })
    this.casts = new Casts(database, this.#listener, schema.name, log)
    const write = (items: Outgoing[], timeoutMs: number) => this.#write(items, timeoutMs)
    this.#writer = new BatchWriter({ database, write, sizeOf })
    this.#settler = new Settler(database, schema.name, log)
    this.#upkeep = new Upkeep({ database, schema: schema.name, leaseTimeout, log })
  }

  async open(): Promise<void> {
    const { opened, schema, migrate, closing } = this.#options
    await prepareSchema(opened.pool, { schema: schema.name, migrate, closing })
    await this.#listener.open()
    await this.#listener.listen(schema.wake, (queue) => this.#wake(queue))
    await this.#readRoutes()
  }

  close(): Promise<void> {
    this.#isClosing = true
    this.database.stop()
    return closeInSteps(this.#options.log, [
      () => Promise.all([...this.#consumers].map((consumer) => consumer.cancel())),
      () =>
        Promise.all([this.#settler.close(), this.#writer.close(), this.#upkeep.close(), this.casts.close()]),
      () => Promise.all([...this.#consumers].map((consumer) => consumer.end())),
      () => this.#listener.close(),
      () => this.#options.opened.close(),
    ])
  }

  async declare(queue: QueueDeclaration): Promise<void> {
    if (!this.#routes.has(queue)) await this.#declare(queue, new Deadline(patienceMs / 1_000))
  }

  async #declare(queue: QueueDeclaration, deadline: Deadline): Promise<void> {
    const { exchange, type, routingKey, queue: name } = bindingOf(queue)
    // The default exchange leads to every queue by its name.
    await this.database.persist(
      `WITH queue AS (
         INSERT INTO ${this.#schema}.queues (name, arguments) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING 1),
       binding AS (
         INSERT INTO ${this.#schema}.bindings (exchange, type, routing_key, queue)
         SELECT $3, $4, $5, $1 WHERE $3 <> '' ON CONFLICT DO NOTHING RETURNING 1)
       UPDATE ${this.#schema}.routes SET revision = revision + 1
       WHERE EXISTS (SELECT FROM queue) OR EXISTS (SELECT FROM binding)`,
      [name, encodeJson(queue.arguments ?? {}, 'arguments'), exchange, type, routingKey],
      deadline.leftMs,
    )
    await this.#readRoutes(deadline)
  }

  async publish(message: WireMessage, to: Destination, options: PublishOptions = {}): Promise<void> {
    const { notBefore, transaction, timeout = 10 } = options
    const deadline = new Deadline(timeout)
    if (to.declare !== undefined && !this.#routes.has(to.declare)) await this.#declare(to.declare, deadline)
    const { exchange, routingKey } = to
    if (this.#routes.find(exchange, routingKey).length === 0) await this.#readRoutes(deadline)
    if (this.#routes.find(exchange, routingKey).length === 0) throw unroutable(to)
    const item = outgoing(message, { exchange, routingKey, notBefore }, Date.now())
    if (transaction === undefined) await this.#writer.write(item, deadline.leftMs)
    else await this.#writeWithin(transaction, item)
    if (notBefore !== undefined) this.#upkeep.parkedUntil(notBefore)
  }

  async consume(queue: QueueDeclaration, options: ConsumeOptions): Promise<Consumption> {
    const consumer = new PostgresConsumer(queue, options, {
      database: this.database,
      schema: this.#schema,
      leaseTimeout: this.#options.leaseTimeout,
      settler: this.#settler,
      log: this.#options.log,
      publish: (message, to) => this.publish(message, to),
      parkedUntil: (time) => this.#upkeep.parkedUntil(time),
      onEnd: (ended) => this.#consumers.delete(ended),
    })
    try {
      await this.declare(queue)
      this.#mustStayOpen()
      // Before it starts, so that it is ended if the broker is closed meanwhile.
      this.#consumers.add(consumer)
      await consumer.start()
      this.#mustStayOpen()
    } catch (error) {
      this.#consumers.delete(consumer)
      await consumer.cancel().catch(() => undefined)
      // What ends in the middle fails in many ways.
      this.#mustStayOpen()
      throw error
    }
    this.#upkeep.start()
    return consumer
  }

  #mustStayOpen(): void {
    if (this.#isClosing) throw new CeleryError('CLOSED', 'The PostgreSQL broker was closed.')
  }

  async #write(items: Outgoing[], timeoutMs: number): Promise<void> {
    for (;;) {
      const { text, values } = publishStatement(this.#schema, this.#routes, items)
      const [row] = await this.database.query(text, values, timeoutMs, `${this.#schema}_publish`)
      if (row?.[0] === true) return
      await this.#readRoutes()
    }
  }

  async #writeWithin(transaction: SqlClient, item: Outgoing): Promise<void> {
    for (;;) {
      const { text, values } = publishStatement(this.#schema, this.#routes, [item])
      const { rows } = await transaction.query(text, values)
      if (rows[0]?.done !== false) return
      await this.#readRoutes()
    }
  }

  async #readRoutes(deadline = new Deadline(patienceMs / 1_000)): Promise<void> {
    const rows = await this.database.persist(
      `SELECT r.revision, q.name, b.exchange, b.type, b.routing_key
       FROM ${this.#schema}.routes r LEFT JOIN ${this.#schema}.queues q ON true
       LEFT JOIN ${this.#schema}.bindings b ON b.queue = q.name`,
      [],
      deadline.leftMs,
    )
    const queues = rows.map((row) => row[1]).filter((name) => typeof name === 'string')
    const bound = rows.filter((row) => row[2] !== null) as [0, string, string, Binding['type'], string][]
    const bindings = bound.map(([, queue, exchange, type, routingKey]) => ({
      queue,
      exchange,
      type,
      routingKey,
    }))
    this.#routes.replace(Number(rows[0]?.[0]), queues, bindings)
  }

  #wake(queue: string): void {
    for (const consumer of this.#consumers) if (consumer.queue === queue) consumer.wake()
  }

  #wakeAll(): void {
    for (const consumer of this.#consumers) consumer.wakeAnew()
  }

  #stateIs(state: 'lost' | 'restored', error?: Error): void {
    this.#options.onState(state === 'lost' ? 'reconnecting' : 'open', error)
    // Perhaps something came while nobody listened.
    if (state === 'restored') this.#wakeAll()
  }
}
