import { hostname } from 'node:os'
import { timerOf } from '../../async/timer.ts'
import type { Log } from '../../log.ts'
import type { Database } from '../../postgres/database.ts'
import { logFailure } from '../../postgres/errors.ts'

/** The right to what a consumer holds, for as long as it renews it. */
export class Lease {
  readonly id: number
  #validUntil: number

  /** @param validUntil on the clock of `performance.now()`, never later than the server's own */
  constructor(id: number, validUntil: number) {
    this.id = id
    this.#validUntil = validUntil
  }

  /** Others may have been given what was held under it. */
  get isLost(): boolean {
    return performance.now() >= this.#validUntil
  }

  renewed(validUntil: number): void {
    this.#validUntil = validUntil
  }

  end(): void {
    this.#validUntil = Number.NEGATIVE_INFINITY
  }
}

export interface LeaseOptions {
  database: Database
  schema: string
  queue: string
  /** Seconds after which what a consumer holds goes back when it has not renewed its lease. */
  timeout: number
  log: Log
  /** A lease was lost; the next one is another. */
  onLost(): void
}

/** Keeps a consumer's lease, and gets another when it was lost. By the server's clock, as others judge by that too. */
export class LeaseKeeper {
  readonly #options: LeaseOptions
  #lease: Lease | undefined
  #getting: Promise<Lease> | undefined
  #timer: NodeJS.Timeout | undefined
  #takes = true
  #closing: Promise<void> | undefined

  constructor(options: LeaseOptions) {
    this.#options = options
  }

  /** The lease of now. */
  async get(): Promise<Lease> {
    if (this.#lease !== undefined && !this.#lease.isLost) return this.#lease
    this.#getting ??= this.#create().finally(() => {
      this.#getting = undefined
    })
    return this.#getting
  }

  /** Shows others that this consumer takes no more, though it may hold some. */
  async takesNoMore(): Promise<void> {
    this.#takes = false
    const lease = this.#lease
    if (lease === undefined || lease.isLost) return
    const { database, schema, queue } = this.#options
    await database.persist(`UPDATE ${schema}.holders SET queue = NULL WHERE id = $1`, [lease.id])
    await database.persist(`DELETE FROM ${schema}.waiting WHERE queue = $1 AND holder = $2`, [
      queue,
      lease.id,
    ])
  }

  /** Ends the lease: what is held goes back at once. */
  close(): Promise<void> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  async #end(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#getting?.catch(() => {})
    const lease = this.#lease
    if (lease === undefined || lease.isLost) return
    lease.end()
    const { database, schema } = this.#options
    await database.query(
      `UPDATE ${schema}.holders SET lease_until = clock_timestamp(), queue = NULL WHERE id = $1`,
      [lease.id],
    )
    await database.query(`SELECT ${schema}.take_back()`)
  }

  async #create(): Promise<Lease> {
    const { database, schema, queue, timeout } = this.#options
    if (this.#closing !== undefined) throw new Error('closed')
    const validUntil = performance.now() + timeout * 1000
    const [row] = await database.query(
      `INSERT INTO ${schema}.holders (name, queue, lease_until)
       VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3)) RETURNING id`,
      [`${process.pid}@${hostname()}`, this.#takes ? queue : null, timeout],
    )
    const lease = new Lease(Number(row?.[0]), validUntil)
    this.#lease = lease
    this.#schedule(lease)
    return lease
  }

  #schedule(lease: Lease): void {
    if (this.#closing !== undefined) return
    this.#timer = setTimeout(() => void this.#renew(lease), timerOf(this.#options.timeout / 4))
    this.#timer.unref()
  }

  async #renew(lease: Lease): Promise<void> {
    const { database, schema, timeout, log } = this.#options
    const validUntil = performance.now() + timeout * 1000
    try {
      const rows = await database.query(
        `UPDATE ${schema}.holders SET lease_until = clock_timestamp() + make_interval(secs => $2)
         WHERE id = $1 AND lease_until > clock_timestamp() RETURNING 1`,
        [lease.id, timeout],
        timerOf(timeout / 4),
      )
      if (rows.length > 0 && !lease.isLost) lease.renewed(validUntil)
      else lease.end()
    } catch (error) {
      logFailure(log, error, {}, 'the lease could not be renewed')
    }
    if (this.#closing !== undefined) return
    if (!lease.isLost) return this.#schedule(lease)
    log.warn({ holder: lease.id }, 'the lease on messages was lost: those in hand will be delivered again')
    this.#options.onLost()
  }
}
