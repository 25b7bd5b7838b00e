import { CeleryError } from '../../errors.ts'
import { type Log, noLog } from '../../log.ts'
import { columnKey } from '../../postgres/column-key.ts'
import { describeError, isPassing, refusal } from '../../postgres/errors.ts'
import { addressOf, openPool, type SqlPool } from '../../postgres/pool.ts'
import { schemaOf } from '../../postgres/schema.ts'
import { encodeMeta } from '../../protocol/meta.ts'
import type { ChordPart, ResultStore, TaskMeta, Watching } from '../port.ts'
import { Connected } from './connected.ts'

/** What the URL of results in PostgreSQL cannot say. Durations in seconds. */
export interface PostgresResultsOptions {
  /** Seconds that results, groups and chords are kept: 86,400 when absent. */
  expires?: number
  /** The schema of its tables: `celery` when absent. */
  schema?: string
  /** Make the schema, and bring it up to date, on open: true when absent. Else `migratePostgres(pool)` has to be called. */
  migrate?: boolean
  /** Connections at most, when it is a URL: 4 when absent, at least 2. One of them does nothing but listen. */
  maxConnections?: number
  log?: Log
}

/**
 * Keeps results in tables of PostgreSQL 15 or later. Needs connections to the server itself or to a pooler in session
 * mode, as it listens on one.
 * @param source a URL, or a pool of the app's own (of at least 3 connections), which it stays the owner of
 */
export function createPostgresResults(
  source: string | SqlPool,
  options: PostgresResultsOptions = {},
): ResultStore {
  const { expires = 86_400, maxConnections = 4 } = options
  if (!(expires > 0)) throw new CeleryError('BAD_OPTION', 'expires must be a number of seconds')
  if (!(maxConnections >= 2)) throw new CeleryError('BAD_OPTION', 'maxConnections must be at least 2')
  return new PostgresResults(source, { ...options, expires, maxConnections })
}

class PostgresResults implements ResultStore {
  readonly kind = 'postgres'
  readonly #source: string | SqlPool
  readonly #options: PostgresResultsOptions & { expires: number; maxConnections: number }
  readonly #schema: string
  readonly #description: string
  #connected: Promise<Connected> | undefined

  constructor(
    source: string | SqlPool,
    options: PostgresResultsOptions & { expires: number; maxConnections: number },
  ) {
    this.#source = source
    this.#options = options
    this.#schema = schemaOf(options.schema).name
    const { host, port, database } = addressOf(source)
    this.#description = `postgres://${host || 'unknown'}:${port ?? 5432}/${database}`
  }

  async open(): Promise<void> {
    this.#connected ??= this.#connect()
    try {
      await this.#connected
    } catch (error) {
      this.#connected = undefined
      throw error
    }
  }

  async close(): Promise<void> {
    const connected = this.#connected
    this.#connected = undefined
    const open = await connected?.catch(() => undefined)
    await open?.close()
  }

  describe(): string {
    return this.#description
  }

  async store(meta: TaskMeta): Promise<void> {
    // Read now: the caller may change it before it is written.
    const text = Buffer.from(encodeMeta(meta))
    await (await this.#open()).store({ taskId: columnKey(meta.task_id), status: meta.status, meta: text })
  }

  async get(taskIds: readonly string[]): Promise<(TaskMeta | undefined)[]> {
    return (await this.#open()).get(taskIds.map(columnKey))
  }

  async forget(taskIds: readonly string[]): Promise<void> {
    await (await this.#open()).forget(taskIds.map(columnKey))
  }

  async watch(taskIds: readonly string[], onMeta: (meta: TaskMeta) => void): Promise<Watching> {
    const watching = await (await this.#open()).watches.watch(taskIds.map(columnKey), onMeta)
    return {
      add: (ids) => watching.add(ids.map(columnKey)),
      remove: (ids) => watching.remove(ids.map(columnKey)),
      stop: () => watching.stop(),
    }
  }

  async storeGroup(groupId: string, result: unknown): Promise<void> {
    await (await this.#open()).storeGroup(columnKey(groupId), result)
  }

  async getGroup(groupId: string): Promise<unknown> {
    return (await this.#open()).getGroup(columnKey(groupId))
  }

  async forgetGroup(groupId: string): Promise<void> {
    await (await this.#open()).forgetGroup(columnKey(groupId))
  }

  async setChordSize(groupId: string, size: number): Promise<void> {
    await (await this.#open()).chords.setSize(columnKey(groupId), size)
  }

  async growChord(groupId: string, by: number): Promise<void> {
    await (await this.#open()).chords.grow(columnKey(groupId), by)
  }

  async addChordPart(groupId: string, part: ChordPart): Promise<ChordPart[] | undefined> {
    return (await this.#open()).chords.add(columnKey(groupId), { ...part, taskId: columnKey(part.taskId) })
  }

  async forgetChord(groupId: string): Promise<void> {
    await (await this.#open()).chords.forget(columnKey(groupId))
  }

  async countStart(taskId: string): Promise<number> {
    return (await this.#open()).countStart(columnKey(taskId))
  }

  async forgetStarts(taskId: string): Promise<void> {
    await (await this.#open()).forgetStarts(columnKey(taskId))
  }

  #open(): Promise<Connected> {
    if (this.#connected === undefined)
      throw new CeleryError('CLOSED', 'The result store is not open: call open() first, and close() last')
    return this.#connected
  }

  async #connect(): Promise<Connected> {
    const { migrate = true, maxConnections: max, expires, log = noLog } = this.#options
    const opened = await openPool(this.#source, { application: 'celery results', max, log })
    const connected = new Connected({ opened, schema: this.#schema, expires, migrate, log })
    try {
      await connected.open()
      return connected
    } catch (error) {
      await connected.close()
      if (error instanceof CeleryError) throw error
      if (!isPassing(error)) throw refusal(error)
      const message = `PostgreSQL could not be reached: ${describeError(error)}`
      throw new CeleryError('RESULTS_UNAVAILABLE', message, { cause: error })
    }
  }
}
