import { arrayOf } from '../../postgres/array.ts'
import type { Database } from '../../postgres/database.ts'
import type { Lease } from './lease.ts'

/** Milliseconds for which a take without an answer may yet turn out to have taken some, and between looks for that. */
const doubtTime = 60_000
const auditPause = 5_000

/** After a take without an answer: what the server may have taken for a consumer without its getting to know. */
export class Doubt {
  readonly #database: Database
  readonly #schema: string
  #until = 0
  #nextAudit = 0

  constructor(database: Database, schema: string) {
    this.#database = database
    this.#schema = schema
  }

  begin(): void {
    this.#until = performance.now() + doubtTime
    this.#nextAudit = 0
  }

  /** Seconds after which it is to be looked again; undefined when there is no doubt. */
  get pause(): number | undefined {
    return this.#isOpen ? auditPause / 1_000 : undefined
  }

  /** Puts back what is not held there, from time to time. Nothing may be being taken under that lease meanwhile. */
  async look(lease: Lease, held: ReadonlySet<number>): Promise<void> {
    if (!this.#isOpen || performance.now() < this.#nextAudit) return
    const text = `SELECT id FROM ${this.#schema}.messages WHERE holder = $1`
    const rows = await this.#database.query(text, [lease.id])
    const unknown = rows.map(([id]) => Number(id)).filter((id) => !held.has(id))
    if (unknown.length > 0)
      await this.#database.query(`SELECT ${this.#schema}.requeue($1, $2)`, [lease.id, arrayOf(unknown)])
    this.#nextAudit = performance.now() + auditPause
  }

  get #isOpen(): boolean {
    return performance.now() < this.#until
  }
}
