import { randomFillSync } from 'node:crypto'

const pattern = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/

/** The `traceparent` for work done here: within the caller's trace when its header is valid, else a new trace. */
export function continueTrace(header: string | undefined): string {
  const parent = header === undefined ? null : pattern.exec(header)
  const valid = parent !== null && !/^0+$/.test(parent[1] ?? '') && !/^0+$/.test(parent[2] ?? '')
  const trace = valid ? parent[1] : randomHex(16)
  const flags = valid ? parent[3] : '00'
  return `00-${trace}-${randomHex(8)}-${flags}`
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
