import { hash } from 'node:crypto'
import { canonicalJson } from '@colophon/runtime'
import { httpProblem } from './problems/http-problems.ts'
import type { Problem } from './problems/problem.ts'
import { isUuid } from './validation/formats.ts'
import { textProblem } from './validation/text.ts'

/** The sort keys of a page's last row: with them the next page is found by a range, not an offset. */
export type CursorKeys = readonly (string | number | null)[]

interface KeyTypes {
  /** Text that PostgreSQL can hold. */
  text: string
  number: number
  /** A whole number that is exact in JSON. */
  integer: number
  /** In lower case, as PostgreSQL writes it. */
  uuid: string
}
type KeyType = keyof KeyTypes

/** The type of each key in order; `?` where it may be null. */
export type CursorShape = readonly (KeyType | `${KeyType}?`)[]

/** The keys a shape describes. */
export type KeysOf<S extends CursorShape> = {
  -readonly [I in keyof S]: S[I] extends `${infer T extends KeyType}?`
    ? KeyTypes[T] | null
    : S[I] extends KeyType
      ? KeyTypes[S[I]]
      : never
}

const fingerprintLength = 12

/**
 * A cursor for the page after `keys`.
 * @param query the filters and the sort order it belongs to; members `cursor` and `limit` do not count
 */
export function encodeCursor(query: unknown, keys: CursorKeys): string {
  const text = JSON.stringify(keys)
  return Buffer.from(fingerprint(query, text) + text).toString('base64url')
}

/**
 * The keys within a cursor. The fingerprint is a check for mistakes, not a signature: whoever makes up a
 * cursor only chooses where their own page begins; what they put in it is of the given types, so that nothing
 * reaches a database that it chokes on.
 * @throws Problem `invalid_cursor` when it is malformed, altered, or made for other filters or another order.
 */
export function decodeCursor<const S extends CursorShape>(
  cursor: string,
  query: unknown,
  shape: S,
): KeysOf<S> {
  const bytes = Buffer.from(cursor, 'base64url')
  const decoded = bytes.toString()
  const text = decoded.slice(fingerprintLength)
  // Decoding ignores what is not base64url, so only the exact text that encoding gives is a cursor.
  const exact = bytes.toString('base64url') === cursor
  if (!exact || decoded.slice(0, fingerprintLength) !== fingerprint(query, text)) throw invalidCursor()
  const keys = parsed(text)
  if (!fits(keys, shape)) throw invalidCursor()
  return keys
}

/** Whoever knows how the fingerprint is made can put it before anything. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw invalidCursor()
  }
}

/** What answers a cursor that no page of this list gave. */
function invalidCursor(): Problem {
  const message = 'must be a nextCursor of this list, with the same filters and the same sort order'
  return httpProblem('invalid_cursor', `cursor ${message}: start again without it`, {
    errors: [{ path: 'cursor', code: 'invalid_cursor', message }],
  })
}

const is: { [T in KeyType]: (key: unknown) => boolean } = {
  text: (key) => typeof key === 'string' && textProblem(key) === undefined,
  number: (key) => typeof key === 'number',
  integer: (key) => Number.isSafeInteger(key),
  uuid: (key) => typeof key === 'string' && isUuid(key) && key === key.toLowerCase(),
}

function fits<S extends CursorShape>(keys: unknown, shape: S): keys is KeysOf<S> {
  if (!Array.isArray(keys) || keys.length !== shape.length) return false
  return shape.every((type, index) => {
    const key: unknown = keys[index]
    return is[type.replace('?', '') as KeyType](key) || (key === null && type.endsWith('?'))
  })
}

function fingerprint(query: unknown, keys: string): string {
  return hash('sha256', `${canonicalJson(withoutPage(query))}\n${keys}`, 'base64url').slice(
    0,
    fingerprintLength,
  )
}

function withoutPage(query: unknown): unknown {
  if (typeof query !== 'object' || query === null) return query
  return { ...query, cursor: undefined, limit: undefined }
}
