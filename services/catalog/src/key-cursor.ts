import { decodeCursor, httpProblem } from '@colophon/http'

/** Where a page of a sorted list begins: after this key and id. Its cursor holds these two. */
export interface KeyPosition {
  key: string | number
  id: string
}

/** Reads a cursor of a sorted list. @throws Problem invalid_cursor */
export function keyPosition(cursor: string, query: unknown, keyType: 'string' | 'number'): KeyPosition {
  const [key, id] =
    keyType === 'number'
      ? decodeCursor(cursor, query, ['number', 'string'])
      : decodeCursor(cursor, query, ['string', 'string'])
  return checkedPosition(key, id)
}

// A cursor is no secret, so somebody may make one up: nothing may reach the database that it chokes on.

/** @throws Problem invalid_cursor */
export function checkedPosition(key: string | number, id: string): KeyPosition {
  return { key: typeof key === 'number' ? integer(key) : text(key), id: uuid(id) }
}

/** @throws Problem invalid_cursor */
export function integer(value: number): number {
  if (Number.isSafeInteger(value)) return value
  throw forged()
}

/** @throws Problem invalid_cursor */
export function uuid(value: string): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value)) return value
  throw forged()
}

function text(value: string): string {
  if (value.isWellFormed() && !value.includes('\0')) return value
  throw forged()
}

/** What answers a cursor that holds what no list puts in one. */
export function forged() {
  return httpProblem('invalid_cursor', 'cursor was not made by this list: start again without it')
}
