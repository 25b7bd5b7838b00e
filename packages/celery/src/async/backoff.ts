/** Seconds: before the first repeat, and the most between two. */
export interface Pauses {
  first: number
  longest: number
}

const short: Pauses = { first: 0.1, longest: 5 }

/**
 * Seconds to wait after attempt number `attempt`, counted from 0: doubled each time up to a cap, with full jitter, so
 * that those who lost a server at the same time do not come back at the same time.
 */
export function backoff(
  attempt: number,
  random: () => number = Math.random,
  { first, longest }: Pauses = short,
): number {
  return random() * Math.min(longest, first * 2 ** attempt)
}
