import { CeleryError } from '../errors.ts'
import { encodeJson } from '../protocol/json.ts'
import { isRecord } from '../protocol/shape.ts'

/** A little less than `encodeJson` takes. */
const maxDepth = 980

export interface MendOptions {
  /**
   * Write an object with just the fields `__type__` and `__value__` as it stands: it came as a typed value that is not
   * known here, and goes on as one.
   */
  keepUnknown?: boolean
}

/**
 * JSON of what came from elsewhere, so that it can always go on: half of a surrogate pair (Python's `surrogateescape`, or
 * a text cut in the middle of a character) becomes U+FFFD, and what is nested too deeply null.
 * @throws CeleryError `BAD_VALUE` for what is no data
 */
export function encodeMended(value: unknown, name: string, options: MendOptions = {}): string {
  try {
    return encodeJson(value, name)
  } catch (error) {
    if (!(error instanceof CeleryError)) throw error
    return encodeJson(mended(value, [], options), name)
  }
}

function mended(value: unknown, parents: readonly unknown[], options: MendOptions): unknown {
  if (typeof value === 'string') return value.toWellFormed()
  // What holds itself is for the writer to refuse.
  if (parents.includes(value)) return value
  const isList = Array.isArray(value)
  if (!isList && (!isRecord(value) || Object.getPrototypeOf(value) !== Object.prototype)) return value
  if (parents.length >= maxDepth) return null
  const within = [...parents, value]
  if (isList) return value.map((item) => mended(item, within, options))
  const fields = Object.entries(value).map(([key, item]) => [
    key.toWellFormed(),
    mended(item, within, options),
  ])
  // The writer refuses those two alone, as a sender's mistake; a field that is undefined it leaves out.
  if (options.keepUnknown && '__type__' in value) fields.push(['', undefined])
  return Object.fromEntries(fields)
}
