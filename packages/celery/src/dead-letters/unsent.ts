import { CeleryError, isRefused, reasonOf } from '../errors.ts'

/** So many are named: thousands may be of one queue that is gone. */
const mostNamed = 10

/** That letters were gone when they were to be removed, once they were sent. */
export function alsoReplayed(count: number): string {
  return `${count} replayed by another as well, under the same id, or dropped by it`
}

/** Whether it is this letter that cannot be sent: else it is the broker, of which the next letter finds the same. */
export function isOfLetter(error: unknown): boolean {
  return !(error instanceof CeleryError) || isRefused(error)
}

/** The letters that a replay could not send, and leaves where they are: all are counted, and the first are named. */
export class Unsent {
  readonly #ids = new Set<string>()
  readonly #named: string[] = []
  #first: unknown

  add(id: string, error: unknown, queue?: string): void {
    if (this.#ids.size === 0) this.#first = error
    this.#ids.add(id)
    const place = queue === undefined ? id : `${id} of queue ${queue}`
    if (this.#named.length < mostNamed)
      this.#named.push(`  ${place}: ${reasonOf(error)}`.replaceAll(/[\r\n]+/g, ' '))
  }

  has(id: string): boolean {
    return this.#ids.has(id)
  }

  /**
   * @param gone those that were sent and then gone, which nobody else tells when this throws
   * @throws CeleryError with the code of the first
   */
  throwIfAny(gone: number): void {
    if (this.told === undefined) return
    const others = gone === 0 ? '' : `\n${alsoReplayed(gone)}`
    throw this.#error(this.#first, `${this.told}${others}`)
  }

  /** What ended the replay early, with those that could not be sent before. */
  before(end: unknown): unknown {
    if (this.#ids.size === 0 && !(end instanceof CeleryError)) return end
    const untried = `${reasonOf(end)}\nNo more dead letters were tried.`
    return this.#error(end, this.told === undefined ? untried : `${untried} ${this.told}`)
  }

  get told(): string | undefined {
    if (this.#ids.size === 0) return undefined
    const more = this.#ids.size - this.#named.length
    const lines = more > 0 ? [...this.#named, `  and ${more} more`] : this.#named
    return [`Dead letters that could not be sent, and are left: ${this.#ids.size}`, ...lines].join('\n')
  }

  #error(cause: unknown, message: string): unknown {
    return cause instanceof CeleryError
      ? new CeleryError(cause.code, message, { cause })
      : new Error(message, { cause })
  }
}
