import { createHash } from 'node:crypto'

/** Of this package alone, so that no other's UUIDs of version 5 are like these. */
const namespace = Buffer.from('6f0d5a3e4f6c4b51b8f7c1a2790c53d1', 'hex')

/**
 * The task id of a run: a UUID of version 5 of the entry's name and its due time. Whoever sends the run again sends
 * it under the same id.
 * @see https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-5
 */
export function runId(entry: string, due: Date, manual: boolean): string {
  const name = `${manual ? 'manual' : 'due'} ${due.toISOString()} ${entry}`
  const hash = createHash('sha1').update(namespace).update(name).digest().subarray(0, 16)
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80
  return hash.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
