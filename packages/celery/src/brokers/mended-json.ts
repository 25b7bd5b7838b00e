import { CeleryError } from '../errors.ts'
import { encodeJson } from '../protocol/json.ts'
import { isRecord } from '../protocol/shape.ts'

/** A little less than `encodeJson` takes. */
const maxDepth = 980

/**
 * JSON of what came from elsewhere, so that it can always go on: half of a surrogate pair (Python's `surrogateescape`, or
 * a text cut in the middle of a character) becomes U+FFFD, and what is nested too deeply null.
 * @throws CeleryError `BAD_VALUE` for what is no data
 */
export function encodeMended(value: unknown, name: string): string {
  try {
    return encodeJson(value, name)
  } catch (error) {
    if (!(error instanceof CeleryError)) throw error
    return encodeJson(mended(value, []), name)
  }
}

function mended(value: unknown, parents: readonly unknown[]): unknown {
  if (typeof value === 'string') return value.toWellFormed()
  // What holds itself is for the writer to refuse.
  if (parents.includes(value)) return value
  const isList = Array.isArray(value)
  if (!isList && (!isRecord(value) || Object.getPrototypeOf(value) !== Object.prototype)) return value
  if (parents.length >= maxDepth) return null
  const within = [...parents, value]
  if (isList) return value.map((item) => mended(item, within))
  const fields = Object.entries(value).map(([key, item]) => [key.toWellFormed(), mended(item, within)])
  return Object.fromEntries(fields)
}
