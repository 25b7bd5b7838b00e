import { CeleryError } from '../errors.ts'
import { describeError, isPassing, refusal } from './errors.ts'

/** All that is there between `open` and `close`. */
interface Connected {
  open(): Promise<void>
  close(): Promise<void>
}

export interface OpeningOptions<T extends Connected> {
  /** For errors: `broker` or `result store`. */
  what: string
  code: 'BROKER_UNAVAILABLE' | 'RESULTS_UNAVAILABLE'
  /** Makes one that is not open yet. Once the signal is aborted, nobody waits for it to be open any more. */
  create(closing: AbortSignal): Promise<T>
}

/** Opens and closes, each as often as one likes. */
export class Opening<T extends Connected> {
  readonly #options: OpeningOptions<T>
  #connected: Promise<T> | undefined
  #closing = new AbortController()

  constructor(options: OpeningOptions<T>) {
    this.#options = options
  }

  async open(): Promise<void> {
    if (this.#connected === undefined) {
      this.#closing = new AbortController()
      this.#connected = this.#connect(this.#closing.signal)
    }
    const mine = this.#connected
    try {
      await mine
    } catch (error) {
      if (this.#connected === mine) this.#connected = undefined
      throw error
    }
  }

  async close(): Promise<void> {
    const connected = this.now()
    this.#connected = undefined
    this.#closing.abort(new CeleryError('CLOSED', `The ${this.#options.what} was closed while it was opened`))
    await (await connected)?.close()
  }

  /** @throws CeleryError `CLOSED` */
  get(): Promise<T> {
    if (this.#connected) return this.#connected
    throw new CeleryError(
      'CLOSED',
      `The ${this.#options.what} is not open: call open() first, and close() last`,
    )
  }

  /** Undefined when it is not open, or could not be opened. */
  async now(): Promise<T | undefined> {
    return await this.#connected?.catch(() => undefined)
  }

  async #connect(closing: AbortSignal): Promise<T> {
    const connected = await this.#options.create(closing)
    try {
      await connected.open()
      return connected
    } catch (error) {
      await connected.close()
      if (error instanceof CeleryError) throw error
      if (!isPassing(error)) throw refusal(error)
      const message = `PostgreSQL could not be reached: ${describeError(error)}`
      throw new CeleryError(this.#options.code, message, { cause: error })
    }
  }
}
