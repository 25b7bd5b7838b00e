import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { describeError } from './errors.ts'
import type { Log } from './log.ts'

/** A connection that hears what is notified on a channel, for as long as it is wanted. */
export interface Listening {
  /** Ends it. Safe to call again. */
  close(): Promise<void>
}

/** Milliseconds before the connection is made again: doubled each time up to the longest. */
const firstPause = 100
const longestPause = 5_000
/** Milliseconds that a server may take to begin to listen, and to see us off. */
const patience = 5_000
const farewell = 1_000

/** The connections of a database that listen. */
export class Listeners {
  readonly #config: pg.ClientConfig
  readonly #log: Log | undefined
  readonly #open = new Set<Listening>()

  constructor(config: pg.ClientConfig, log: Log | undefined) {
    this.#config = config
    this.#log = log
  }

  /**
   * Listens with a connection of its own, which is made again whenever it is lost. `heard` is called for each
   * notification, and each time the connection is made, as something may have been notified while there was none.
   */
  listen(channel: string, heard: () => void): Listening {
    const closing = new AbortController()
    const ended = keepListening(this.#config, channel, heard, { log: this.#log, signal: closing.signal })
    const listening = {
      close: async () => {
        closing.abort()
        await ended
        this.#open.delete(listening)
      },
    }
    this.#open.add(listening)
    return listening
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map((listening) => listening.close()))
  }
}

interface Keeping {
  log: Log | undefined
  signal: AbortSignal
}

async function keepListening(
  config: pg.ClientConfig,
  channel: string,
  heard: () => void,
  { log, signal }: Keeping,
): Promise<void> {
  let failures = 0
  while (!signal.aborted) {
    const reason = await listenOnce(config, channel, signal, () => {
      failures = 0
      heard()
    })
    if (signal.aborted) return
    // Once, and not at each attempt to get it back.
    if (failures === 0) log?.warn({ channel, reason }, 'the connection that listens to PostgreSQL was lost')
    const pause = Math.min(longestPause, firstPause * 2 ** failures++)
    await delay(pause * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {
      // It is to end.
    })
  }
}

/** Until the connection is lost or it is to end. @returns why it was lost */
async function listenOnce(
  config: pg.ClientConfig,
  channel: string,
  signal: AbortSignal,
  heard: () => void,
): Promise<string> {
  const client = new pg.Client({ ...config, query_timeout: patience })
  const { promise: lost, resolve } = Promise.withResolvers<string>()
  const stop = () => resolve('it is to end')
  signal.addEventListener('abort', stop)
  client.on('error', (error) => resolve(describeError(error)))
  client.on('end', () => resolve('the connection ended'))
  client.on('notification', heard)
  try {
    await client.connect()
    await client.query(`listen ${pg.escapeIdentifier(channel)}`)
    heard()
    return await lost
  } catch (error) {
    return describeError(error)
  } finally {
    signal.removeEventListener('abort', stop)
    await Promise.race([client.end(), delay(farewell, undefined, { ref: false })])
  }
}
