import { once } from 'node:events'

/** Holds back the buyers of a short trial, so that everything is killed once while they buy. */
export interface Pace {
  /** Resolves when the order may be placed, by its number from 0 on; never once the signal has come. */
  turnOf(order: number): Promise<void>
  /** Something has been killed. */
  killed(): void
}

/** As large a share of the orders before the first kill as between any two, and behind the last of the first round. */
export function createPace(orders: number, victims: number, signal: AbortSignal): Pace {
  let kills = 0
  let kill = Promise.withResolvers<void>()
  const isOver = once(signal, 'abort')
  return {
    async turnOf(order) {
      while (order * (victims + 1) >= orders * (kills + 1)) {
        await Promise.race([kill.promise, isOver])
        signal.throwIfAborted()
      }
    },
    killed() {
      kills += 1
      kill.resolve()
      kill = Promise.withResolvers()
    },
  }
}
