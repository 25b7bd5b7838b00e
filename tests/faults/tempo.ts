/** Seconds, at least and at most. */
export type Seconds = readonly [least: number, most: number]

/**
 * How much a trial kills, and how much time it leaves its shop. Weaker by design: one at a
 * time is down or starting, so that what two do that are away together is not shown.
 */
export interface Tempo {
  /**
   * How often each is killed: at least, for which buyers are held back, and at most, while there is one who
   * buys.
   */
  turns: readonly [least: number, most: number]
  /** Between the start of a process and the next kill. Behind that of a server it is `usualCalm`. */
  calm: Seconds
  /** How long what was killed stays away. */
  away: Seconds
  /**
   * Whether orders, once all are placed, are due to the sweeper after a quarter of the time, which is a
   * minute.
   */
  hurries: boolean
}

/** In which the shop finds a server again. */
export const usualCalm: Seconds = [2, 5]

const long: Tempo = { turns: [2, Number.POSITIVE_INFINITY], calm: usualCalm, away: [0, 3], hurries: false }

const short: Tempo = { turns: [1, 1], calm: [0.5, 1.5], away: [0, 1.5], hurries: true }

export function tempoOf(orders: number): Tempo {
  return orders < 2_000 ? short : long
}
