import type { Log } from '../../log.ts'
import type { Database } from '../../postgres/database.ts'
import { describeError } from '../../postgres/errors.ts'

/** Rows that one statement deletes: so few that nobody waits for it. */
const batch = 1_000

/** Milliseconds between looks for what has expired, about. */
const pause = 60_000

/** Deletes what has expired, a little at a time. Each process that has the store open does; none waits for another. */
export class Expiry {
  readonly #database: Database
  readonly #schema: string
  readonly #log: Log
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #isClosed = false

  constructor(database: Database, schema: string, log: Log) {
    this.#database = database
    this.#schema = schema
    this.#log = log
  }

  start(): void {
    if (this.#isClosed) return
    // Not all processes at the same time.
    this.#timer = setTimeout(() => void this.#turn(), pause * (0.5 + Math.random()))
    this.#timer.unref()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#running
  }

  /** Deletes all that has expired by now. */
  async run(): Promise<void> {
    for (const table of ['results', 'groups', 'starts', 'watches'])
      await this.#whileFull(`WITH ${this.#gone(table)} SELECT count(*) FROM gone`)
    await this.#whileFull(
      `WITH ${this.#gone('chords', 'group_id')}, parts AS (
         DELETE FROM ${this.#schema}.chord_parts p USING gone WHERE p.group_id = gone.group_id)
       SELECT count(*) FROM gone`,
    )
  }

  async #turn(): Promise<void> {
    this.#running = this.run()
    try {
      await this.#running
    } catch (error) {
      this.#log.debug({ reason: describeError(error) }, 'expired results are deleted later')
    }
    this.start()
  }

  #gone(table: string, returning = '1'): string {
    // Rows that another process is deleting are left to it.
    return `gone AS (
      DELETE FROM ${this.#schema}.${table} WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM ${this.#schema}.${table} WHERE expires_at <= now() LIMIT ${batch} FOR UPDATE SKIP LOCKED))
      RETURNING ${returning})`
  }

  async #whileFull(text: string): Promise<void> {
    for (let count = batch; count >= batch && !this.#isClosed; ) {
      const [row] = await this.#database.query(text)
      count = Number(row?.[0])
    }
  }
}
