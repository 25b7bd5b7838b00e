import { type Log, noLog } from '../../log.ts'
import { type Checks, checkOptions } from '../../options/check.ts'
import { flag, logger, secondsFrom, wholeFrom } from '../../options/kinds.ts'
import { Opening } from '../../postgres/opening.ts'
import { addressOf, checkSource, openPool, type SqlPool } from '../../postgres/pool.ts'
import { type Schema, schemaName, schemaOf } from '../../postgres/schema.ts'
import type { Address } from '../../postgres/url.ts'
import type { WireMessage } from '../../protocol/message.ts'
import type { DeadLetterStore } from '../dead-letter-store.ts'
import type {
  Broker,
  BrokerDescription,
  BrokerState,
  CastDestination,
  ConsumeOptions,
  Consumption,
  Destination,
  Listening,
  ListenOptions,
  PublishOptions,
  QueueDeclaration,
  QueueDepth,
} from '../port.ts'
import { type Watcher, Watchers } from '../watchers.ts'
import { Connected } from './connected.ts'
import { PostgresDeadLetters } from './dead-letters.ts'
import { usesTls } from './tls.ts'

export type { SqlPool } from '../../postgres/pool.ts'

/** What the URL of PostgreSQL as a broker cannot say. Durations in seconds. */
export interface PostgresBrokerOptions {
  /** The schema of its tables: `celery` when absent. */
  schema?: string
  /** Make the schema, and bring it up to date, on open: true when absent. Else `migratePostgres(pool)` has to be called. */
  migrate?: boolean
  /** Seconds after which what a dead process held is delivered again: 60 when absent, at least 1. */
  leaseTimeout?: number
  /** Connections at most, when it is a URL: 6 when absent, at least 2. One of them does nothing but listen. */
  maxConnections?: number
  log?: Log
}

const checks: Checks<PostgresBrokerOptions> = {
  schema: schemaName,
  migrate: flag,
  leaseTimeout: secondsFrom(1),
  maxConnections: wholeFrom(2),
  log: logger,
}

/**
 * Keeps messages in tables of PostgreSQL 15 or later. Needs connections to the server itself or to a pooler in session
 * mode, as it listens on one.
 * @param source a URL, or a pool of the app's own (of at least 3 connections), which it stays the owner of
 * @throws CeleryError `BAD_OPTION`
 */
export function createPostgresBroker(source: string | SqlPool, options: PostgresBrokerOptions = {}): Broker {
  checkSource(source, 'createPostgresBroker')
  checkOptions(options, checks, 'createPostgresBroker')
  return new PostgresBroker(source, options)
}

class PostgresBroker implements Broker {
  readonly kind = 'postgres'
  readonly #opening: Opening<Connected>
  readonly #schema: Schema
  readonly #address: Address
  readonly #ssl: boolean | null
  readonly #watchers: Watchers
  #state: BrokerState = 'closed'

  constructor(source: string | SqlPool, options: PostgresBrokerOptions) {
    const { leaseTimeout = 60, maxConnections = 6, migrate = true, log = noLog } = options
    const schema = schemaOf(options.schema)
    this.#schema = schema
    this.#address = addressOf(source)
    this.#ssl = usesTls(source)
    this.#watchers = new Watchers(log)
    const onState = (state: BrokerState, error?: Error) => this.#is(state, error)
    this.#opening = new Opening({
      what: 'broker',
      code: 'BROKER_UNAVAILABLE',
      async create(closing) {
        const opened = await openPool(source, { application: 'celery broker', max: maxConnections, log })
        return new Connected({ opened, schema, migrate, leaseTimeout, closing, log, onState })
      },
    })
  }

  get state(): BrokerState {
    return this.#state
  }

  async open(): Promise<void> {
    await this.#opening.open()
    if (this.#state === 'closed') this.#is('open')
  }

  async close(): Promise<void> {
    await this.#opening.close()
    this.#is('closed')
  }

  watch(listener: Watcher): () => void {
    return this.#watchers.add(listener)
  }

  describe(): BrokerDescription {
    const { host, port, user, database } = this.#address
    const server = { hostname: host, port, userid: user, virtual_host: database }
    return { transport: 'postgres', ...server, ssl: this.#ssl }
  }

  async declare(queue: QueueDeclaration): Promise<void> {
    return (await this.#opening.get()).declare(queue)
  }

  async publish(message: WireMessage, to: Destination, options?: PublishOptions): Promise<void> {
    return (await this.#opening.get()).publish(message, to, options)
  }

  async consume(queue: QueueDeclaration, options: ConsumeOptions): Promise<Consumption> {
    return (await this.#opening.get()).consume(queue, options)
  }

  async depth(queue: string): Promise<QueueDepth | undefined> {
    const { database } = await this.#opening.get()
    const { name } = this.#schema
    const [row] = await database.persist(
      `SELECT
         (SELECT count(*) FROM ${name}.messages WHERE queue = q.name AND holder IS NULL AND not_before IS NULL),
         (SELECT count(*) FROM ${name}.holders h
          WHERE h.queue = q.name AND h.lease_until > clock_timestamp())
       FROM ${name}.queues q WHERE q.name = $1`,
      [queue],
    )
    return row && { messages: Number(row[0]), consumers: Number(row[1]) }
  }

  async purge(queue: string): Promise<number> {
    const { database } = await this.#opening.get()
    const { name } = this.#schema
    const text = `WITH gone AS (
        DELETE FROM ${name}.messages WHERE ctid = ANY (ARRAY(
          SELECT ctid FROM ${name}.messages WHERE queue = $1 AND holder IS NULL AND not_before IS NULL
          LIMIT 10000 FOR UPDATE SKIP LOCKED)) RETURNING 1)
      SELECT count(*) FROM gone`
    for (let total = 0; ; ) {
      const [row] = await database.persist(text, [queue])
      const count = Number(row?.[0])
      total += count
      if (count === 0) return total
    }
  }

  async cast(message: WireMessage, to: CastDestination): Promise<void> {
    const connected = await this.#opening.now()
    await connected?.casts.cast(message, to)
  }

  async listen(to: ListenOptions): Promise<Listening> {
    return (await this.#opening.get()).casts.listen(to)
  }

  get deadLetters(): DeadLetterStore {
    const store = async () => new PostgresDeadLetters((await this.#opening.get()).database, this.#schema.name)
    return {
      add: async (letter) => (await store()).add(letter),
      list: async (query) => (await store()).list(query),
      get: async (id) => (await store()).get(id),
      remove: async (ids) => (await store()).remove(ids),
      count: async () => (await store()).count(),
    }
  }

  #is(state: BrokerState, error?: Error): void {
    if (state === this.#state) return
    this.#state = state
    this.#watchers.tell(state, error)
  }
}
