/** How fetch says that the other side was there, and went before it had answered. */
const cut = ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']

/** Milliseconds after which a request that was begun has been sent. */
const sentAfter = 2

/** What buyers ask, so that a kill can meet somebody who waits, and it is known that it has. */
export class Requests {
  readonly #open = new Set<{ url: string; since: number }>()
  #answered = 0
  #cutOff = 0

  /** Answers of any kind. */
  get answered(): number {
    return this.#answered
  }

  /** Requests that were sent and never answered, as who had them was killed. */
  get cutOff(): number {
    return this.#cutOff
  }

  /** Asks an API. @throws what asking has thrown */
  async send<T>(url: string, ask: () => Promise<T>): Promise<T> {
    const request = { url, since: performance.now() }
    this.#open.add(request)
    try {
      const answer = await ask()
      this.#answered += 1
      return answer
    } catch (error) {
      if (isCut(error)) this.#cutOff += 1
      throw error
    } finally {
      this.#open.delete(request)
    }
  }

  /** Whether somebody waits for the answer of this API now. */
  isWaitedFor(api: string): boolean {
    const now = performance.now()
    return [...this.#open].some(({ url, since }) => url === api && now - since >= sentAfter)
  }
}

/** One that nobody listens to was not cut off: it was never begun. */
function isCut(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && 'code' in cause && cut.includes(String(cause.code))
}
