import { crc32 } from 'node:zlib'
import type { WireMessage } from '../protocol/message.ts'

/**
 * Tells a message from others with the same task's id: a retry, a task in this one's place, and one that was sent
 * again with an id that its sender chose. A message that comes again has the same.
 */
export function fingerprint({ headers, body }: WireMessage): number {
  const { task, retries, replaced_task_nesting: nesting } = headers
  return crc32(
    body,
    crc32(`${typeof task === 'string' ? task : ''} ${numberOf(retries)} ${numberOf(nesting)}`),
  )
}

function numberOf(header: unknown): number {
  return typeof header === 'number' ? header : 0
}
