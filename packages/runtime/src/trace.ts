import { randomBytes } from 'node:crypto'

const pattern = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/

/** The `traceparent` for work done here: within the caller's trace when its header is valid, else a new trace. */
export function continueTrace(header: string | undefined): string {
  const parent = header === undefined ? null : pattern.exec(header)
  const valid = parent !== null && !/^0+$/.test(parent[1] ?? '') && !/^0+$/.test(parent[2] ?? '')
  const trace = valid ? parent[1] : randomBytes(16).toString('hex')
  const flags = valid ? parent[3] : '00'
  return `00-${trace}-${randomBytes(8).toString('hex')}-${flags}`
}

/** The trace id (32 hexadecimal digits) within a `traceparent`. */
export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35)
}
