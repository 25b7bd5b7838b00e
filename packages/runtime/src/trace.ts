import { randomFillSync } from 'node:crypto'

const pattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
/** The flags that have a meaning, sampled and random; the others are sent on as zero. */
const knownFlags = 0b11

/** The `traceparent` for work done here: within the caller's trace when its header is valid, else a new trace. */
export function continueTrace(header: string | undefined): string {
  const { trace, flags } = readParent(header ?? '') ?? { trace: randomHex(16), flags: '00' }
  return `00-${trace}-${randomHex(8)}-${flags}`
}

/**
 * Reads a `traceparent`. Of a later version than ours the first four fields are read, and more may follow.
 * @see https://www.w3.org/TR/trace-context-2/#versioning-of-traceparent
 */
function readParent(header: string): { trace: string; flags: string } | undefined {
  const [, version, trace = '', span = '', flags = '', more] = pattern.exec(header) ?? []
  const isOurs = version === '00' && more === undefined
  const isLater = version !== undefined && version !== '00' && version !== 'ff'
  if ((!isOurs && !isLater) || /^0+$/.test(trace) || /^0+$/.test(span)) return undefined
  const known = Number.parseInt(flags, 16) & knownFlags
  return { trace, flags: known.toString(16).padStart(2, '0') }
}

/** The trace id (32 hexadecimal digits) within a `traceparent`. */
export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35)
}

/** Random bytes are fetched by the page: one call to the system for more than a hundred requests. */
const pool = Buffer.alloc(4096)
let used = pool.length

function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += bytes
  return pool.toString('hex', used - bytes, used)
}
