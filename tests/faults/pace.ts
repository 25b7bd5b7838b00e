import { once } from 'node:events'

/** Holds back the buyers, so that there are some while everything is killed as often as it is to be. */
export interface Pace {
  /** Resolves when the order may be placed, by its number from 0 on; never once the signal has come. */
  turnOf(order: number): Promise<void>
  /** How many orders may be placed beside each kill; there may be parts of one. */
  readonly share: number
  /** Something is killed in a moment: the next share may be placed. */
  open(): void
}

/** As large a share of the orders before the first of so many kills as with each of them. */
export function createPace(orders: number, kills: number, signal: AbortSignal): Pace {
  let opened = 0
  let kill = Promise.withResolvers<void>()
  const isOver = once(signal, 'abort')
  return {
    share: orders / (kills + 1),
    async turnOf(order) {
      while (order * (kills + 1) >= orders * (opened + 1)) {
        await Promise.race([kill.promise, isOver])
        signal.throwIfAborted()
      }
    },
    open() {
      opened += 1
      kill.resolve()
      kill = Promise.withResolvers()
    },
  }
}
