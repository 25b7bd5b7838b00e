const secondsOf: Record<string, number> = { s: 1, m: 60, h: 3_600 }

/**
 * A rate limit as Celery writes it (`10/s`, `100/m`, `0.5/h`, or a number per second) in starts per second; 0 is none,
 * as an empty text is. Undefined for what is no rate.
 */
export function readRate(limit: string): number | undefined {
  if (limit.trim() === '') return 0
  const [, count, unit = 's'] = /^\s*(\d+(?:\.\d+)?)\s*(?:\/\s*([smh]))?\s*$/.exec(limit) ?? []
  return count === undefined ? undefined : Number(count) / (secondsOf[unit] ?? 1)
}
