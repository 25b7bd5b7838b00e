import { setTimeout as delay } from 'node:timers/promises'
import { enter, HeldError, leave } from './embedded/membership.ts'
import type { Reached } from './embedded/reach.ts'
import { describeError } from './errors.ts'
import type { Log } from './log.ts'
import type { SocketTarget } from './target.ts'

export interface EmbeddedOptions {
  /** The data folder; made when it is not there. PostgreSQL keeps `postgres/` and `postgres.log` in it. */
  folder: string
  /** What is using it (`colophon serve`): shown, with the process id, to those it stands in the way of. */
  application: string
  /** What only one process may be at a time in this data folder, such as `serve`. */
  exclusive?: string
  /** False gives up crash safety for speed, for data that is thrown away; it counts for who starts PostgreSQL. */
  durable?: boolean
  /** Who PostgreSQL runs as when root starts it: the first that exists; `['postgres', 'nobody']`. */
  serviceAccounts?: string[]
  /**
   * Gives up attaching, such as waiting for a long recovery; of no effect once attached. A cluster that is being
   * made is made first, which takes seconds. A PostgreSQL that was started stays for the next to find, with
   * what it has recovered by then, since stopping it would make it begin anew.
   */
  signal?: AbortSignal
  log?: Log
}

export interface EmbeddedPostgres {
  /** For `openDatabase`: the role `colophon`, which owns the database of that name and is not a superuser. */
  readonly connection: SocketTarget
  /**
   * Lets go of PostgreSQL, and stops it when nobody else is using it. Close the pools first. One that has died
   * and is recovering is waited for a few seconds, and then left for the next to find.
   */
  release(): Promise<void>
  /** `callback` is called when PostgreSQL has died and cannot be brought back. */
  onLost(callback: (error: Error) => void): void
}

/**
 * Uses the PostgreSQL of a data folder together with whatever other processes do: starts it when none does,
 * after making the cluster the first time, and restarts it if it dies. A unix socket that only the folder's
 * owner and root can open leads to it.
 *
 * @throws Error with one line, when the folder cannot be used, PostgreSQL does not start, or another process
 * is what `exclusive` says; the reason of the signal when that has come.
 */
export async function attachEmbedded({ signal, ...options }: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const attachment = new Attachment(options)
  await attachment.enter(signal)
  if (!signal?.aborted) return attachment
  await attachment.release()
  throw signal.reason
}

/** How often PostgreSQL is restarted before it is given up, and how long it must live for the count to begin anew. */
const restarts = 4
const longEnough = 60_000
/** Milliseconds that leaving waits for a PostgreSQL that is coming back, which is soon in most cases, to stop it. */
const releasePatience = 3_000

/** Without the signal, which is about attaching and not about restarting PostgreSQL later. */
type AttachmentOptions = Omit<EmbeddedOptions, 'signal'>

class Attachment implements EmbeddedPostgres {
  readonly #options: AttachmentOptions
  readonly #lostCallbacks: ((error: Error) => void)[] = []
  #reached: Reached | undefined
  #enteredAt = 0
  #failures = 0
  #released: Promise<void> | undefined
  readonly #releasing = new AbortController()
  #recovery: Promise<void> = Promise.resolve()
  #lost: Error | undefined

  constructor(options: AttachmentOptions) {
    this.#options = options
  }

  get connection(): SocketTarget {
    if (!this.#reached) throw new Error('not attached to PostgreSQL')
    return this.#reached.target
  }

  onLost(callback: (error: Error) => void): void {
    if (this.#lost) callback(this.#lost)
    else this.#lostCallbacks.push(callback)
  }

  release(): Promise<void> {
    this.#released ??= this.#release()
    return this.#released
  }

  async enter(signal?: AbortSignal): Promise<void> {
    const { durable = true, application, exclusive, ...options } = this.#options
    const as = `${application} pid ${process.pid}`
    const reachOptions = { ...options, durable, application: as, ...(signal && { signal }) }
    const previous = this.#reached?.target.host
    try {
      this.#reached = await enter(reachOptions, exclusive, previous)
    } catch (error) {
      throw explain(error, options.folder)
    }
    this.#enteredAt = Date.now()
    const { client, ended, target } = this.#reached
    if (previous !== undefined && previous !== target.host) {
      await client.end()
      throw new Error(`its socket is in ${target.host} now, and no longer in ${previous}`)
    }
    ended.then(() => {
      if (!this.#released) this.#recovery = this.#recover()
    })
  }

  async #release(): Promise<void> {
    const tooLong = setTimeout(() => this.#releasing.abort(), releasePatience)
    await this.#recovery
    clearTimeout(tooLong)
    const { folder, log } = this.#options
    if (!this.#reached) return
    await leave(this.#reached).catch((error) => {
      log?.warn({ folder, err: error }, 'PostgreSQL may have been left running; the next start takes it over')
    })
  }

  async #recover(): Promise<void> {
    const { folder, log } = this.#options
    if (Date.now() - this.#enteredAt > longEnough) this.#failures = 0
    for (;;) {
      this.#failures++
      log?.warn({ folder, attempt: this.#failures }, 'PostgreSQL has died; starting it again')
      await delay(100 * 2 ** (this.#failures - 1))
      if (this.#released) return
      try {
        return await this.enter(this.#releasing.signal)
      } catch (error) {
        if (this.#released) return
        if (this.#failures < restarts && !(error instanceof HeldError)) continue
        this.#lose(error)
        return
      }
    }
  }

  #lose(error: unknown): void {
    this.#lost = new Error(`PostgreSQL is lost: ${describeError(error)}`, { cause: error })
    this.#options.log?.warn(
      { folder: this.#options.folder, err: this.#lost },
      'PostgreSQL cannot be brought back',
    )
    for (const callback of this.#lostCallbacks) callback(this.#lost)
  }
}

const folderTroubles = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOTDIR', 'EEXIST'])

/** The system's errors name a call and a file deep inside; say first what it is about. */
function explain(error: unknown, folder: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (!folderTroubles.has(code)) return error
  return new Error(`the data folder ${folder} cannot be used: ${describeError(error)}`, { cause: error })
}
