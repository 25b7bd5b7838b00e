import { monitorEventLoopDelay } from 'node:perf_hooks'

/** Why a request is not let in. */
export type Overload = 'in_flight' | 'event_loop'

/** How busy the process is. */
export interface Load {
  /** Requests being answered, without streams that stay open. */
  readonly inFlight: number
  enter(): void
  leave(): void
  /** Why one more request would be too many, or undefined. */
  overload(): Overload | undefined
  stop(): void
}

const resolutionMs = 10
const sampleMs = 500

/**
 * Watches the requests in flight and the delay of the event loop. The delay is the mean of half a second: one long
 * pause does not move it much, a loop that is always late does.
 */
export function watchLoad(limits: { readonly maxInFlight: number; readonly eventLoopDelayMs: number }): Load {
  const delays = monitorEventLoopDelay({ resolution: resolutionMs })
  delays.enable()
  let delayMs = 0
  let inFlight = 0
  const sampler = setInterval(() => {
    // The histogram holds how long each wait for `resolutionMs` took; it is NaN without any.
    delayMs = Math.max(0, delays.mean / 1e6 - resolutionMs) || 0
    delays.reset()
  }, sampleMs).unref()
  return {
    get inFlight() {
      return inFlight
    },
    enter() {
      inFlight++
    },
    leave() {
      inFlight--
    },
    overload() {
      if (inFlight >= limits.maxInFlight) return 'in_flight'
      return delayMs > limits.eventLoopDelayMs ? 'event_loop' : undefined
    },
    stop() {
      clearInterval(sampler)
      delays.disable()
    },
  }
}
