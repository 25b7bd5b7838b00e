/** Why a request is not let in. */
export type Overload = 'in_flight' | 'event_loop' | 'event_streams'

/** How busy the process is. */
export interface Load {
  /** Requests that are worked on or being answered. */
  readonly inFlight: number
  /** Takes the place of one more request. */
  enter(): Place
  /** Why one more request would be too many, or undefined. */
  overload(): Overload | undefined
  stop(): void
}

/**
 * The place of a request among those in flight. It has it until its connection is done with it and its work has
 * settled: a client that hangs up ends the first and not the second.
 */
export interface Place {
  /** Keeps the place until `work` settles. */
  keepFor(work: Promise<unknown>): void
  /** The answer was sent, or its connection has closed. */
  leave(): void
  /** Leaves whatever still goes on: the answer is a stream, which counts by itself. */
  giveUp(): void
}

const tickMs = 50

/**
 * Watches the requests in flight and the delay of the event loop. A request is too many when the loop is later than
 * the limit at this moment, in the middle of a round of the loop, and was so in the round before: one long pause is
 * no overload.
 */
export function watchLoad(limits: { readonly maxInFlight: number; readonly eventLoopDelayMs: number }): Load {
  let inFlight = 0
  let dueAt = performance.now() + tickMs
  let wasLate = false
  const lateness = () => performance.now() - dueAt
  const ticker = setInterval(() => {
    wasLate = lateness() > limits.eventLoopDelayMs
    dueAt = performance.now() + tickMs
  }, tickMs).unref()
  return {
    get inFlight() {
      return inFlight
    },
    enter() {
      let reasons = 1
      let isTaken = true
      inFlight++
      const giveUp = () => {
        if (isTaken) inFlight--
        isTaken = false
      }
      const leave = () => {
        if (--reasons === 0) giveUp()
      }
      return {
        leave,
        giveUp,
        keepFor(work) {
          reasons++
          work.then(leave, leave)
        },
      }
    },
    overload() {
      if (inFlight >= limits.maxInFlight) return 'in_flight'
      return wasLate && lateness() > limits.eventLoopDelayMs ? 'event_loop' : undefined
    },
    stop() {
      clearInterval(ticker)
    },
  }
}
