import { crc32 } from 'node:zlib'
import type { WireMessage } from '../protocol/message.ts'
import { readLosses } from './finish/history.ts'

/**
 * Tells a message from others with the same task's id: a retry, what a rejected run left for the next one, a task in
 * this one's place, and one that was sent again with an id that its sender chose. A message that comes again has the same.
 */
export function fingerprint({ headers, body }: WireMessage): number {
  const { task, retries, replaced_task_nesting: nesting } = headers
  const name = typeof task === 'string' ? task : ''
  return crc32(body, crc32(`${name} ${numberOf(retries)} ${numberOf(nesting)} ${readLosses(headers)}`))
}

function numberOf(header: unknown): number {
  return typeof header === 'number' ? header : 0
}
