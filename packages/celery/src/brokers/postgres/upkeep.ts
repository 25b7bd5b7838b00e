import { timerOf } from '../../async/timer.ts'
import type { Log } from '../../log.ts'
import type { Database } from '../../postgres/database.ts'
import { logFailure } from '../../postgres/errors.ts'

export interface UpkeepOptions {
  database: Database
  schema: string
  /** Seconds: see `PostgresBrokerOptions`. */
  leaseTimeout: number
  log: Log
}

/** Parked messages that one statement lets go. */
const batch = 1_000
/** Milliseconds after which parked messages are looked at again, as others may have parked some. */
const maxPause = 1_000

/** What each consuming process does for all of them: lets go what is due, and takes back what the dead have held. */
export class Upkeep {
  readonly #options: UpkeepOptions
  #due: NodeJS.Timeout | undefined
  /** When that is, in milliseconds since the epoch. */
  #dueAt = 0
  #expiry: NodeJS.Timeout | undefined
  #running: Promise<unknown>[] = []
  #isClosed = false

  constructor(options: UpkeepOptions) {
    this.#options = options
  }

  start(): void {
    if (this.#due !== undefined || this.#isClosed) return
    this.#scheduleDue(0)
    this.#scheduleExpiry()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#due)
    clearTimeout(this.#expiry)
    await Promise.all(this.#running)
  }

  /** Something was parked until then. */
  parkedUntil(time: Date): void {
    if (this.#due !== undefined && time.getTime() < this.#dueAt)
      this.#scheduleDue(time.getTime() - Date.now())
  }

  #scheduleDue(pause: number): void {
    if (this.#isClosed) return
    clearTimeout(this.#due)
    const bounded = Math.max(0, Math.min(pause, maxPause))
    this.#dueAt = Date.now() + bounded
    this.#due = setTimeout(() => this.#track(this.#unpark()), bounded)
    this.#due.unref()
  }

  #scheduleExpiry(): void {
    if (this.#isClosed) return
    // Not all processes at the same time.
    const pause = (this.#options.leaseTimeout / 4) * (0.75 + Math.random() / 2)
    this.#expiry = setTimeout(() => this.#track(this.#takeBack()), timerOf(pause))
    this.#expiry.unref()
  }

  #track(work: Promise<void>): void {
    const tracked: Promise<unknown> = work.finally(() => {
      this.#running = this.#running.filter((other) => other !== tracked)
    })
    this.#running.push(tracked)
  }

  async #unpark(): Promise<void> {
    const { database, schema } = this.#options
    let pause = maxPause
    try {
      const [row] = await database.query(
        `SELECT moved, extract(epoch FROM next - clock_timestamp()) * 1000 FROM ${schema}.unpark($1)`,
        [batch],
      )
      // Times are compared by the server's clock alone.
      if (row?.[1] != null) pause = Number(row[1]) + 1
    } catch (error) {
      this.#failed(error)
    }
    this.#scheduleDue(pause)
  }

  async #takeBack(): Promise<void> {
    const { database, schema, log } = this.#options
    try {
      const [row] = await database.query(`SELECT ${schema}.take_back()`)
      const count = Number(row?.[0])
      if (count > 0) log.warn({ count }, 'messages of a worker that is gone were taken back')
      await database.query(`DELETE FROM ${schema}.casts WHERE expires_at < clock_timestamp()`)
    } catch (error) {
      this.#failed(error)
    }
    this.#scheduleExpiry()
  }

  #failed(error: unknown): void {
    logFailure(this.#options.log, error, {}, 'upkeep is tried again')
  }
}
