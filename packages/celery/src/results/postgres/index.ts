import { type Log, noLog } from '../../log.ts'
import { type Checks, checkOptions } from '../../options/check.ts'
import { flag, logger, someSeconds, wholeFrom } from '../../options/kinds.ts'
import { columnKey } from '../../postgres/column-key.ts'
import { Opening } from '../../postgres/opening.ts'
import { addressOf, checkSource, openPool, type SqlPool } from '../../postgres/pool.ts'
import { schemaName, schemaOf } from '../../postgres/schema.ts'
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

const checks: Checks<PostgresResultsOptions> = {
  expires: someSeconds,
  schema: schemaName,
  migrate: flag,
  maxConnections: wholeFrom(2),
  log: logger,
}

/**
 * Keeps results in tables of PostgreSQL 15 or later. Needs connections to the server itself or to a pooler in session
 * mode, as it listens on one.
 * @param source a URL, or a pool of the app's own (of at least 3 connections), which it stays the owner of
 * @throws CeleryError `BAD_OPTION`
 */
export function createPostgresResults(
  source: string | SqlPool,
  options: PostgresResultsOptions = {},
): ResultStore {
  checkSource(source, 'createPostgresResults')
  checkOptions(options, checks, 'createPostgresResults')
  return new PostgresResults(source, options)
}

class PostgresResults implements ResultStore {
  readonly kind = 'postgres'
  readonly #opening: Opening<Connected>
  readonly #description: string

  constructor(source: string | SqlPool, options: PostgresResultsOptions) {
    const { expires = 86_400, maxConnections: max = 4, migrate = true, log = noLog } = options
    const schema = schemaOf(options.schema).name
    this.#opening = new Opening({
      what: 'result store',
      code: 'RESULTS_UNAVAILABLE',
      async create(closing) {
        const opened = await openPool(source, { application: 'celery results', max, log })
        return new Connected({ opened, schema, expires, migrate, closing, log })
      },
    })
    const { host, port, database } = addressOf(source)
    this.#description = `postgres://${host || 'unknown'}:${port ?? 5432}/${database}`
  }

  open(): Promise<void> {
    return this.#opening.open()
  }

  close(): Promise<void> {
    return this.#opening.close()
  }

  describe(): string {
    return this.#description
  }

  async store(meta: TaskMeta): Promise<void> {
    // Read now: the caller may change it before it is written.
    const text = Buffer.from(encodeMeta(meta))
    await (await this.#opening.get()).store({
      taskId: columnKey(meta.task_id),
      status: meta.status,
      meta: text,
    })
  }

  async get(taskIds: readonly string[]): Promise<(TaskMeta | undefined)[]> {
    return (await this.#opening.get()).get(taskIds.map(columnKey))
  }

  async forget(taskIds: readonly string[]): Promise<void> {
    await (await this.#opening.get()).forget(taskIds.map(columnKey))
  }

  async watch(taskIds: readonly string[], onMeta: (meta: TaskMeta) => void): Promise<Watching> {
    const watching = await (await this.#opening.get()).watches.watch(taskIds.map(columnKey), onMeta)
    return {
      add: (ids) => watching.add(ids.map(columnKey)),
      remove: (ids) => watching.remove(ids.map(columnKey)),
      stop: () => watching.stop(),
    }
  }

  async storeGroup(groupId: string, result: unknown): Promise<void> {
    await (await this.#opening.get()).storeGroup(columnKey(groupId), result)
  }

  async getGroup(groupId: string): Promise<unknown> {
    return (await this.#opening.get()).getGroup(columnKey(groupId))
  }

  async forgetGroup(groupId: string): Promise<void> {
    await (await this.#opening.get()).forgetGroup(columnKey(groupId))
  }

  async setChordSize(groupId: string, size: number): Promise<void> {
    await (await this.#opening.get()).chords.setSize(columnKey(groupId), size)
  }

  async growChord(groupId: string, by: number): Promise<void> {
    await (await this.#opening.get()).chords.grow(columnKey(groupId), by)
  }

  async addChordPart(groupId: string, part: ChordPart): Promise<ChordPart[] | undefined> {
    return (await this.#opening.get()).chords.add(columnKey(groupId), {
      ...part,
      taskId: columnKey(part.taskId),
    })
  }

  async forgetChord(groupId: string): Promise<void> {
    await (await this.#opening.get()).chords.forget(columnKey(groupId))
  }

  async countStart(taskId: string, mark?: string): Promise<number> {
    return (await this.#opening.get()).countStart(columnKey(taskId), mark)
  }

  async forgetStarts(taskId: string): Promise<void> {
    await (await this.#opening.get()).forgetStarts(columnKey(taskId))
  }
}
