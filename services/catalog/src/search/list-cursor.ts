import { type CursorKeys, encodeCursor } from '@colophon/http'
import type { BookListQuery } from './list-page.ts'

/** A cursor as its query brings it. */
interface OpenedCursor {
  /** What holds the position (position.ts). */
  cursor: string
  /** What it belongs to. */
  identity: unknown
  /** What the first page took the query for; null when that was what it says. */
  correctedQuery: string | null
}

/**
 * The cursor of the page after these keys. When the query was corrected, the words it was taken for are put
 * behind: every page then looks for the same ones, whatever books come and go meanwhile.
 */
export function cursorOf(query: BookListQuery, correctedQuery: string | null, keys: CursorKeys): string {
  const cursor = encodeCursor(identityOf(query, correctedQuery), keys)
  return correctedQuery === null ? cursor : `${cursor}.${Buffer.from(correctedQuery).toString('base64url')}`
}

/** Takes the query's cursor apart; undefined on the first page. */
export function openCursor(query: BookListQuery): OpenedCursor | undefined {
  if (query.cursor === undefined) return undefined
  const [cursor = '', words] = query.cursor.split('.', 2)
  const correctedQuery = words === undefined ? null : Buffer.from(words, 'base64url').toString()
  return { cursor, identity: identityOf(query, correctedQuery), correctedQuery }
}

/** What a cursor belongs to: everything that decides which books come in which order. */
function identityOf(query: BookListQuery, correctedQuery: string | null): unknown {
  const { total: _, facets: __, ...rest } = query
  return correctedQuery === null ? rest : { ...rest, correctedQuery }
}
