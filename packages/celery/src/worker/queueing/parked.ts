import type { RequestInfo, ScheduledInfo } from '../surface.ts'

const max = 1_000
/** Bytes of a body up to which its arguments are kept to be shown. */
const maxShown = 4_096

/** What this worker has parked at the broker until its ETA: the newest 1,000, to be shown. */
export class Parked {
  readonly #byId = new Map<string, ScheduledInfo>()

  add(request: RequestInfo, eta: Date, bodySize: number): void {
    const { id } = request.message.headers
    this.#byId.delete(id)
    this.#byId.set(id, { eta, request: shown(request, bodySize) })
    for (const oldest of this.#byId.keys()) {
      if (this.#byId.size <= max) break
      this.#byId.delete(oldest)
    }
  }

  /** It came back, or will not. */
  remove(id: string): void {
    if (this.#byId.size > 0) this.#byId.delete(id)
  }

  get(id: string): ScheduledInfo | undefined {
    return this.#byId.get(id)
  }

  /** Those that are due went to whatever worker was first. */
  list(now: number): ScheduledInfo[] {
    for (const [id, { eta }] of this.#byId) if (eta.getTime() + 2_000 < now) this.#byId.delete(id)
    return [...this.#byId.values()]
  }
}

function shown(request: RequestInfo, bodySize: number): RequestInfo {
  const { message, queue, exchange, routingKey, redelivered, receivedAt, pid } = request
  const small = bodySize <= maxShown ? message : { ...message, args: [], kwargs: {} }
  return {
    message: { ...small, embed: { callbacks: null, errbacks: null, chain: null, chord: null } },
    queue,
    exchange,
    routingKey,
    redelivered,
    receivedAt,
    startedAt: undefined,
    acknowledged: false,
    pid,
  }
}
