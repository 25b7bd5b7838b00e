import { timerOf } from '../../async/timer.ts'
import type { SqlClient } from '../../brokers/port.ts'
import { CeleryError } from '../../errors.ts'
import { type Log, noLog } from '../../log.ts'
import { type Checks, checkOptions } from '../../options/check.ts'
import { flag, logger, someSeconds } from '../../options/kinds.ts'
import { textArrayOf } from '../../postgres/array.ts'
import { asError, describeError } from '../../postgres/errors.ts'
import { prepareSchema } from '../../postgres/migrate.ts'
import {
  addressOf,
  checkSource,
  connectionFrom,
  type OpenedPool,
  openPool,
  queryOn,
  type SqlConnection,
  type SqlPool,
} from '../../postgres/pool.ts'
import { schemaName, schemaOf } from '../../postgres/schema.ts'
import {
  claimTtl as defaultTtl,
  type EntryState,
  type EntryText,
  type Run,
  retention,
  type ScheduleStore,
  sendsAtOnce,
} from '../store.ts'
import { orUnavailable } from '../unavailable.ts'
import { type Statements, statementsIn } from './statements.ts'

/** Options of beat's store in PostgreSQL. Durations in seconds. */
export interface PostgresSchedulesOptions {
  /** The schema with the tables: `celery` when absent. */
  schema?: string
  /** False: the schema is made by `migratePostgres` elsewhere, and its absence an error. */
  migrate?: boolean
  /** Seconds that a scheduler which freezes while it sends keeps the run from others: 30 when absent. */
  claimTtl?: number
  log?: Log
}

const checks: Checks<PostgresSchedulesOptions> = {
  schema: schemaName,
  migrate: flag,
  claimTtl: someSeconds,
  log: logger,
}

/** Milliseconds that an answer is waited for. */
const timeoutMs = 15_000

/**
 * Schedules in PostgreSQL. A run's row is written in one transaction with its message where the broker is this
 * database, so that each is sent exactly once, whatever dies when. With another broker the transaction is held open
 * while the message is published: who dies between the two leaves the run to be sent again, under the same id.
 * @param source a URL, or a pool of the app's own, of which up to 6 connections are used beside its other users
 * @throws CeleryError `BAD_OPTION`
 */
export function createPostgresSchedules(
  source: string | SqlPool,
  options: PostgresSchedulesOptions = {},
): ScheduleStore {
  checkSource(source, 'createPostgresSchedules')
  checkOptions(options, checks, 'createPostgresSchedules')
  const { host, port, database } = addressOf(source)
  const { claimTtl = defaultTtl } = options
  const statements = statementsIn(schemaOf(options.schema).name)
  const pool = new PoolOnNeed(source, options)
  const query = (text: string, values: unknown[] = []) =>
    inReach(async () => (await queryOn(await pool.get(), { text, values }, timeoutMs)).rows as Row[])
  return {
    kind: 'postgres',
    describe: () => (host && database ? { hostname: host, port: port ?? 5432, database } : undefined),
    open: () => inReach(() => pool.open()),
    close: () => pool.close(),
    async register(entries) {
      const column = (name: keyof EntryText) => textArrayOf(entries.map((entry) => entry[name]))
      const given = [column('name'), column('task'), column('schedule'), column('broker')]
      await query(statements.begin, given)
      await query(statements.renew, given)
      await query(statements.pruneEntries, [retention])
      await query(statements.pruneRuns, [retention])
    },
    async read() {
      const rows = await query(statements.read)
      const entries = rows.filter(({ name }) => name !== null).map(stateOf)
      return { now: new Date(Number(rows[0]?.now)), entries }
    },
    async sendOnce(run, send) {
      const connection = await inReach(async () => connectionFrom(await pool.get(), timeoutMs / 1_000))
      return transaction(connection, claimTtl, (client) => sendIn(client, statements, run, send))
    },
    setPaused: async (name, paused) => (await query(statements.setPaused, [name, paused])).length > 0,
    trigger: async (name) => (await query(statements.trigger, [name])).length > 0,
  }
}

/** A pool that is made when it is first needed, and again after it could not be. */
class PoolOnNeed {
  readonly #source: string | SqlPool
  readonly #options: PostgresSchedulesOptions
  #opening: Promise<OpenedPool> | undefined
  #closing = new AbortController()

  constructor(source: string | SqlPool, options: PostgresSchedulesOptions) {
    this.#source = source
    this.#options = options
  }

  async open(): Promise<void> {
    if (this.#closing.signal.aborted) this.#closing = new AbortController()
    await this.get()
  }

  async get(): Promise<SqlPool> {
    this.#closing.signal.throwIfAborted()
    this.#opening ??= connect(this.#source, this.#options, this.#closing.signal)
    const mine = this.#opening
    try {
      return (await mine).pool
    } catch (error) {
      if (this.#opening === mine) this.#opening = undefined
      throw error
    }
  }

  async close(): Promise<void> {
    const closed = 'The schedules in PostgreSQL were closed: call open() first.'
    this.#closing.abort(new CeleryError('CLOSED', closed))
    const opened = this.#opening
    this.#opening = undefined
    await (await opened?.catch(() => undefined))?.close()
  }
}

async function connect(
  source: string | SqlPool,
  options: PostgresSchedulesOptions,
  closing: AbortSignal,
): Promise<OpenedPool> {
  const { log = noLog, migrate = true } = options
  const opened = await openPool(source, { application: 'celery-beat', max: sendsAtOnce + 2, log })
  try {
    await prepareSchema(opened.pool, { schema: schemaOf(options.schema).name, migrate, closing })
    return opened
  } catch (error) {
    await opened.close()
    throw error
  }
}

function inReach<T>(work: () => Promise<T>): Promise<T> {
  return orUnavailable('PostgreSQL', work, describeError)
}

type Row = Record<string, unknown>

async function sendIn(
  client: SqlClient,
  statements: Statements,
  run: Run,
  send: (transaction: SqlClient) => Promise<void>,
): Promise<boolean> {
  const [claim, keep] = run.manual
    ? [statements.claimManual, statements.keepManual]
    : [statements.claimDue, statements.keepDue]
  const due = run.due.toISOString()
  const { rows } = await inReach(() => client.query(claim, [run.entry, due, run.taskId]))
  if (rows[0]?.is_open !== true) return false
  const isNew = rows[0].is_new === true
  if (isNew) await send(client)
  await inReach(() => client.query(keep, [run.entry, due, isNew ? 1 : 0]))
  return isNew
}

async function transaction<T>(
  connection: SqlConnection,
  claimTtl: number,
  work: (client: SqlClient) => Promise<T>,
): Promise<T> {
  const query = async (text: string, values: unknown[] = []) => {
    const { rows } = await connection.query({ text, values, query_timeout: timeoutMs })
    return { rows: rows as Row[] }
  }
  let broken: Error | undefined
  try {
    // Who is frozen while it sends does not keep the entry for ever.
    const limit = `SET LOCAL idle_in_transaction_session_timeout = '${timerOf(claimTtl)}ms'`
    await inReach(() => query(`BEGIN ISOLATION LEVEL READ COMMITTED; ${limit}`))
    const result = await work({ query })
    await inReach(() => query('COMMIT'))
    return result
  } catch (error) {
    await query('ROLLBACK').catch((failure: unknown) => {
      broken = asError(failure)
    })
    throw error
  } finally {
    connection.release(broken)
  }
}

function stateOf(row: Row): EntryState {
  const time = (name: string) => new Date(Math.round(Number(row[name])))
  const maybe = (name: string) => (row[name] === null ? undefined : time(name))
  return {
    name: String(row.name),
    task: String(row.task),
    schedule: String(row.schedule),
    broker: String(row.broker),
    paused: row.paused === true,
    since: time('since'),
    lastDue: maybe('last_due'),
    lastSent: maybe('last_sent'),
    runs: Number(row.runs),
    triggered: maybe('triggered'),
    seen: time('seen'),
  }
}
