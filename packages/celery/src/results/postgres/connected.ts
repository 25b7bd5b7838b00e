import { randomUUID } from 'node:crypto'
import type { Log } from '../../log.ts'
import { textArrayOf } from '../../postgres/array.ts'
import { BatchWriter } from '../../postgres/batch-writer.ts'
import { closeInSteps } from '../../postgres/close.ts'
import { Database } from '../../postgres/database.ts'
import { Listener } from '../../postgres/listener.ts'
import { prepareSchema } from '../../postgres/migrate.ts'
import type { OpenedPool } from '../../postgres/pool.ts'
import { decodeJson, encodeJson } from '../../protocol/json.ts'
import { decodeMeta } from '../../protocol/meta.ts'
import type { TaskMeta } from '../port.ts'
import { PostgresChords } from './chords.ts'
import { Expiry } from './expiry.ts'
import { type StoredState, storeStatement } from './states.ts'
import { PostgresWatches } from './watches.ts'

export interface ConnectOptions {
  opened: OpenedPool
  schema: string
  /** Seconds. */
  expires: number
  migrate: boolean
  closing: AbortSignal
  log: Log
}

/** Milliseconds to wait for PostgreSQL. */
const patienceMs = 20_000
/** Seconds that it is remembered how often a task was begun. */
const startsLifetime = 86_400

/** All that a result store has between `open` and `close`. */
export class Connected {
  readonly watches: PostgresWatches
  readonly chords: PostgresChords
  readonly #options: ConnectOptions
  readonly #schema: string
  readonly #database: Database
  readonly #listener: Listener
  readonly #writer: BatchWriter<StoredState>
  readonly #expiry: Expiry

  constructor(options: ConnectOptions) {
    const { opened, schema, expires, log } = options
    this.#options = options
    this.#schema = schema
    const database = new Database(opened, 'RESULTS_UNAVAILABLE')
    this.#database = database
    const onState = (state: 'lost' | 'restored') => {
      if (state === 'restored') this.watches.restored()
    }
    this.#listener = new Listener(opened.pool, { log, onState })
    this.watches = new PostgresWatches(database, this.#listener, schema, log)
    this.chords = new PostgresChords(database, schema, expires)
    this.#writer = new BatchWriter({
      database,
      write(states: StoredState[], timeoutMs) {
        const { text, values } = storeStatement(schema, states, expires)
        return database.query(text, values, timeoutMs, `${schema}_store`)
      },
      sizeOf: ({ meta }) => meta.length,
    })
    this.#expiry = new Expiry(database, schema, log)
  }

  async open(): Promise<void> {
    const { opened, schema, migrate, closing } = this.#options
    await prepareSchema(opened.pool, { schema, migrate, closing })
    await this.#listener.open()
    this.#expiry.start()
  }

  close(): Promise<void> {
    this.#database.stop()
    return closeInSteps(this.#options.log, [
      () => this.#writer.close(),
      () => Promise.all([this.#expiry.close(), this.watches.close()]),
      () => this.#listener.close(),
      () => this.#options.opened.close(),
    ])
  }

  store(state: StoredState): Promise<void> {
    return this.#writer.write(state, patienceMs)
  }

  async get(taskIds: readonly string[]): Promise<(TaskMeta | undefined)[]> {
    if (taskIds.length === 0) return []
    const rows = await this.#database.persist(
      `SELECT task_id, meta FROM ${this.#schema}.results WHERE task_id = ANY ($1::text[]) AND expires_at > now()`,
      [textArrayOf(taskIds)],
      patienceMs,
    )
    const texts = new Map(rows as [string, string][])
    return taskIds.map((id) => {
      const text = texts.get(id)
      return text === undefined ? undefined : decodeMeta(text)
    })
  }

  async forget(taskIds: readonly string[]): Promise<void> {
    if (taskIds.length === 0) return
    await this.#database.persist(
      `DELETE FROM ${this.#schema}.results WHERE task_id = ANY ($1::text[])`,
      [textArrayOf(taskIds)],
      patienceMs,
    )
  }

  async storeGroup(groupId: string, result: unknown): Promise<void> {
    await this.#database.persist(
      `INSERT INTO ${this.#schema}.groups (group_id, result, expires_at)
       VALUES ($1, $2, now() + make_interval(secs => $3))
       ON CONFLICT (group_id) DO UPDATE SET result = excluded.result, expires_at = excluded.expires_at`,
      [groupId, encodeJson(result, 'group'), this.#options.expires],
      patienceMs,
    )
  }

  async getGroup(groupId: string): Promise<unknown> {
    const text = `SELECT result FROM ${this.#schema}.groups WHERE group_id = $1 AND expires_at > now()`
    const [row] = await this.#database.persist(text, [groupId], patienceMs)
    return row === undefined ? undefined : decodeJson(row[0] as string)
  }

  async forgetGroup(groupId: string): Promise<void> {
    await this.#database.persist(
      `DELETE FROM ${this.#schema}.groups WHERE group_id = $1`,
      [groupId],
      patienceMs,
    )
  }

  /** Asked again with the same mark, as the answer was lost, it never counts twice. */
  async countStart(taskId: string, mark: string = randomUUID()): Promise<number> {
    const [row] = await this.#database.persist(
      `INSERT INTO ${this.#schema}.starts AS s (task_id, count, expires_at, mark)
       VALUES ($1, 1, now() + make_interval(secs => $2), $3)
       ON CONFLICT (task_id) DO UPDATE
       SET count = CASE WHEN s.mark = excluded.mark THEN s.count WHEN s.expires_at <= now() THEN 1 ELSE s.count + 1 END,
         expires_at = excluded.expires_at, mark = excluded.mark
       RETURNING count - 1`,
      [taskId, startsLifetime, mark],
      patienceMs,
    )
    return row?.[0] as number
  }

  async forgetStarts(taskId: string): Promise<void> {
    await this.#database.persist(
      `DELETE FROM ${this.#schema}.starts WHERE task_id = $1`,
      [taskId],
      patienceMs,
    )
  }
}
