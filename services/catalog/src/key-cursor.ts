import { decodeCursor } from '@colophon/http'

/** Where a page of a sorted list begins: after this key and id. Its cursor holds these two. */
export interface KeyPosition {
  key: string | number
  id: string
}

/** Reads a cursor of a sorted list. @throws Problem invalid_cursor */
export function keyPosition(cursor: string, query: unknown, keyType: 'text' | 'integer'): KeyPosition {
  const [key, id] = decodeCursor(cursor, query, [keyType, 'uuid'])
  return { key, id }
}
