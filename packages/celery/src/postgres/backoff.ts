/** Milliseconds to wait before the next attempt: doubled each time up to `most`, and never the same for all. */
export function pauseBefore(attempt: number, random: () => number = Math.random, most = 5_000): number {
  const full = Math.min(most, 50 * 2 ** Math.min(attempt, 10))
  return full / 2 + (full / 2) * random()
}
