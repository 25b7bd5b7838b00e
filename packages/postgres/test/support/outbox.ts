import { setTimeout as delay } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import {
  createOutbox,
  createRelay,
  type Database,
  type Outbox,
  type OutboxRow,
  openDatabase,
  outboxTable,
  type Queryable,
  type RelayLog,
  type RelayOptions,
  raw,
  sql,
} from '../../src/index.ts'
import type { TestDatabase } from '../../testing/index.ts'

let schemas = 0

/** An outbox in a schema of its own, for one test. */
export async function newOutbox(fixture: TestDatabase): Promise<OutboxFixture> {
  const schema = `shop${++schemas}`
  await fixture.database.query(raw(`create schema ${schema}`))
  await fixture.database.query(outboxTable(schema))
  return new OutboxFixture(fixture, schema)
}

export class OutboxFixture {
  readonly schema: string
  readonly database: Database
  readonly outbox: Outbox
  readonly place: { database: Database; schema: string }
  readonly #fixture: TestDatabase

  constructor(fixture: TestDatabase, schema: string) {
    this.#fixture = fixture
    this.schema = schema
    this.database = fixture.database
    this.place = { database: fixture.database, schema }
    this.outbox = createOutbox(this.place)
  }

  /** Writes messages of a key, with these payloads. */
  add(key: string, ...payloads: unknown[]): Promise<void> {
    return this.outbox.add(
      this.database,
      payloads.map((payload) => ({ key, topic: 'task', payload })),
    )
  }

  /** A relay that is stopped when the test ends. */
  relay(options: Partial<RelayOptions> & Pick<RelayOptions, 'publish'>) {
    const relay = createRelay({ ...this.place, ...options })
    onTestFinished(() => relay.stop())
    return relay
  }

  /** A pool of its own, as another process has. */
  otherPool(): Database {
    const database = openDatabase({ connection: this.#fixture.connection, application: 'other' })
    onTestFinished(() => database.close())
    return database
  }

  /** Rows by what is to become of them. */
  async states(): Promise<Record<string, number>> {
    const rows = await this.database.query<{ state: string; count: number }>(sql`
      select state, count(*) from ${raw(`${this.schema}.outbox`)} group by state order by state`)
    return Object.fromEntries(rows.map(({ state, count }) => [state, count]))
  }
}

/** A broker that remembers what it was given, and what it said no to. */
export function fakeBroker() {
  const rows: OutboxRow[] = []
  let refuse: (row: OutboxRow) => unknown = () => undefined
  return {
    rows,
    payloads: (key: string) => rows.filter((row) => row.key === key).map(({ payload }) => payload),
    /** From now on rows fail with the error that is given for them. */
    refuse(how: (row: OutboxRow) => unknown) {
      refuse = how
    },
    async publish(row: OutboxRow): Promise<void> {
      const error = refuse(row)
      if (error !== undefined) throw error
      rows.push(row)
    },
  }
}

/** The same database, and what its transactions have come to: what their work returned, or what was thrown. */
export function watchedTransactions(database: Database): { database: Database; outcomes: unknown[] } {
  const outcomes: unknown[] = []
  return {
    outcomes,
    database: {
      ...database,
      async transaction(work, options) {
        const running = database.transaction(work, options)
        outcomes.push(await running.catch((error: unknown) => error))
        return running
      },
    },
  }
}

export interface LogLine {
  level: 'info' | 'warn' | 'error'
  message: string
  [field: string]: unknown
}

export function fakeLog(): RelayLog & { lines: LogLine[] } {
  const lines: LogLine[] = []
  const at = (level: LogLine['level']) => (fields: object, message: string) =>
    void lines.push({ ...fields, level, message })
  return { lines, info: at('info'), warn: at('warn'), error: at('error') }
}

/** Waits until something holds. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await delay(5)
}

/** Closes the connection that publishes the outbox of a schema, as a network or a server does that fails. */
export async function cutRelay(database: Queryable): Promise<number> {
  const cut = await database.query(sql`
    select pg_terminate_backend(pid) from pg_locks
    where locktype = 'advisory' and granted and pid <> pg_backend_pid()
      and database = (select oid from pg_database where datname = current_database())`)
  return cut.length
}
