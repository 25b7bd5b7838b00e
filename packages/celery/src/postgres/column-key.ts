import { createHash } from 'node:crypto'

/** More than any id or name that was made by a program: two of the longest fit into one entry of an index. */
const longest = 350

/**
 * An id or a name from a message, as a column with an index can hold it: text without U+0000, which PostgreSQL refuses,
 * and not longer than an entry of an index may be.
 */
export function columnKey(text: string): string {
  const key = text.includes('\0') ? text.replaceAll('\0', '\uFFFD') : text
  if (key.length <= longest) return key
  return key.slice(0, longest - 64) + createHash('sha256').update(text).digest('hex')
}
