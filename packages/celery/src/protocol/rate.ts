const secondsOf: Record<string, number> = { s: 1, m: 60, h: 3_600 }

/** Characters of a limit: remote control may send any text. */
const maxLength = 100

/**
 * A rate limit as Celery writes it (`10/s`, `100/m`, `0.5/h`, or a number per second) in starts per second; 0 is none,
 * as an empty text is. Undefined for what is no rate.
 */
export function readRate(limit: string): number | undefined {
  if (limit.length > maxLength) return undefined
  const text = limit.trim()
  if (text === '') return 0
  const [, count, unit = 's'] = /^(\d+(?:\.\d+)?)(?:\s*\/\s*([smh]))?$/.exec(text) ?? []
  return count === undefined ? undefined : Number(count) / (secondsOf[unit] ?? 1)
}
