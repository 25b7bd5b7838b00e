/** Seconds to wait before attempt number `attempt`, counted from 0: exponential up to a cap, with full jitter. */
export function backoff(attempt: number, random: () => number = Math.random): number {
  return random() * Math.min(longest, first * 2 ** Math.min(attempt, 20))
}

const first = 0.1
const longest = 10
