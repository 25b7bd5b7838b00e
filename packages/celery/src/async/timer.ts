/** Milliseconds, 24 days: Node's timers take no more, and ring at once when they are given more. */
export const longestTimer = 2 ** 31 - 1

/** Milliseconds for a timer that is to wait so many seconds, or as long as one can. */
export function timerOf(seconds: number): number {
  return Math.min(seconds * 1_000, longestTimer)
}
