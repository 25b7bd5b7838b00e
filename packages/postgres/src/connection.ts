import pg from 'pg'
import type { Sql } from 'sql-template-tag'
import { DatabaseError, describeError } from './errors.ts'

/** How much longer than the server's own limit we wait for its answer, in milliseconds. */
const answerGrace = 1_000

/**
 * The connection's prepared statement no longer fits its table, which a migration has changed, or is gone. As
 * pg would go on to use it for good, the connection is replaced.
 */
const unpreparedStates = new Set(['0A000', '26000'])

export interface SendOptions {
  /** Sends the statement as a prepared statement of that name. */
  name?: string | undefined
  /** The statement timeout in force on the server, in milliseconds; 0 is none. */
  timeout: number
}

/**
 * Takes a connection from the pool, waiting for a free one at most as long as the pool allows, and at most
 * `timeLeft` milliseconds when that is given.
 */
export async function checkOut(pool: pg.Pool, timeLeft?: number): Promise<Connection> {
  const connecting = pool.connect()
  try {
    return new Connection(await (timeLeft === undefined ? connecting : within(timeLeft, connecting)))
  } catch (error) {
    if (error instanceof pg.DatabaseError || error instanceof DatabaseError) throw error
    throw new DatabaseError('UNAVAILABLE', `no connection to PostgreSQL: ${describeError(error)}`, {
      cause: error,
    })
  }
}

async function within(milliseconds: number, connecting: Promise<pg.PoolClient>): Promise<pg.PoolClient> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    reject(new DatabaseError('TIMEOUT', 'the deadline passed while waiting for a connection to PostgreSQL'))
    connecting.then(
      (client) => client.release(),
      () => {
        // The deadline was reported already; a connection that did not come needs no releasing.
      },
    )
  }, milliseconds)
  try {
    return await Promise.race([connecting, tooLate])
  } finally {
    clearTimeout(timer)
  }
}

/** Why a connection is of no use any more. */
const broken = new WeakMap<pg.ClientBase, Error>()

/**
 * Notes what breaks the pool's connections, from the moment they are there: one that breaks between two owners
 * would otherwise end the process with an 'error' event that nobody hears.
 */
export function noteBrokenConnections(pool: pg.Pool): void {
  pool.on('connect', (client) => {
    client.on('error', (error) => noteBroken(client, error))
  })
}

function noteBroken(client: pg.ClientBase, error: Error): void {
  if (!broken.has(client)) broken.set(client, error)
}

/** A connection taken from the pool. One that broke is closed on release and not given out again. */
export class Connection {
  readonly #client: pg.PoolClient
  #isLast = false
  #isGathering = false

  constructor(client: pg.PoolClient) {
    this.#client = client
  }

  /** Sends a statement, without waiting for those sent before it. The result is the last one's of several. */
  async send<Row>(statement: Sql, { name, timeout }: SendOptions): Promise<{ rows: Row[]; command: string }> {
    const query = {
      text: statement.text,
      values: statement.values,
      ...(name !== undefined && { name }),
      ...(timeout > 0 && { query_timeout: timeout + answerGrace }),
    }
    this.#gather()
    try {
      // pg answers with an array when the text holds several statements, which its types leave out.
      const results = [await this.#client.query(query)].flat() as pg.QueryResult[]
      const last = results.at(-1)
      return { rows: (last?.rows ?? []) as Row[], command: last?.command ?? '' }
    } catch (error) {
      throw this.#explain(error, { name, timeout })
    }
  }

  /** Has what is sent at once go out at once: one system call, which costs more than making the messages. */
  #gather(): void {
    if (this.#isGathering) return
    this.#isGathering = true
    const { stream } = this.#client.connection
    stream.cork()
    process.nextTick(() => {
      this.#isGathering = false
      stream.uncork()
    })
  }

  /** What was done in its session must not be met by the next who takes it. */
  closeOnRelease(): void {
    this.#isLast = true
  }

  release(): void {
    this.#client.release(broken.get(this.#client) ?? this.#isLast)
  }

  #explain(error: unknown, { name, timeout }: SendOptions): unknown {
    if (error instanceof pg.DatabaseError) {
      const isOver = error.severity === 'FATAL' || error.severity === 'PANIC'
      if (isOver || (name !== undefined && unpreparedStates.has(error.code ?? '')))
        noteBroken(this.#client, error)
      return error
    }
    if (error instanceof Error && error.message === 'Query read timeout') {
      noteBroken(this.#client, error)
      const message = `PostgreSQL did not answer within ${timeout + answerGrace} ms`
      return new DatabaseError('TIMEOUT', message, { cause: error })
    }
    const reason = broken.get(this.#client)
    if (!reason) return error
    const message = `the connection to PostgreSQL was lost: ${describeError(reason)}`
    return new DatabaseError('UNAVAILABLE', message, { cause: error })
  }
}
