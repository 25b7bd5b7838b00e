import { type CursorKeys, decodeCursor } from '@colophon/http'
import type { KeyPosition } from '../key-cursor.ts'

/**
 * What the first page took the query for; null when that was what it says. Every page of a list then looks for the
 * same words, whatever books come and go meanwhile.
 */
interface Reading {
  correctedQuery: string | null
}

/** Where a page of the books that a query finds begins, in an order of theirs. */
export interface SortedPosition extends KeyPosition, Reading {}

/** A place in the order of popularity. */
export interface Edge {
  popularity: number
  id: string
}

/**
 * Where a page of a list by relevance begins: in the window of candidates between two places in the order of
 * popularity (search/by-relevance.ts), after this score and id when it is not the window's first page.
 */
export interface RelevancePosition extends Reading {
  /** Among the titles that are exactly the query, which come before all others. */
  exact: boolean
  /** Exclusive; null for the first window. */
  start: Edge | null
  /** Inclusive; null for a window not yet looked into. */
  end: Edge | null
  after: { score: number; id: string } | null
}

/** Reads a cursor of books in an order of theirs. @throws Problem invalid_cursor */
export function sortedPosition(cursor: string, query: unknown, keyType: 'text' | 'integer'): SortedPosition {
  const [correctedQuery, key, id] = decodeCursor(cursor, query, ['text?', keyType, 'uuid'])
  return { correctedQuery, key, id }
}

/** Reads a cursor of a list by relevance. @throws Problem invalid_cursor */
export function relevancePosition(cursor: string, query: unknown): RelevancePosition {
  const edges = ['integer?', 'uuid?', 'integer?', 'uuid?'] as const
  const shape = ['text?', 'integer', ...edges, 'number?', 'uuid?'] as const
  const [correctedQuery, exact, startKey, startId, endKey, endId, score, id] = decodeCursor(
    cursor,
    query,
    shape,
  )
  return {
    correctedQuery,
    exact: exact === 1,
    start: edge(startKey, startId),
    end: edge(endKey, endId),
    after: score === null || id === null ? null : { score, id },
  }
}

/** The keys of a cursor for this position. */
export function relevanceKeys({ correctedQuery, exact, start, end, after }: RelevancePosition): CursorKeys {
  return [
    correctedQuery,
    exact ? 1 : 0,
    start?.popularity ?? null,
    start?.id ?? null,
    end?.popularity ?? null,
    end?.id ?? null,
    after?.score ?? null,
    after?.id ?? null,
  ]
}

function edge(popularity: number | null, id: string | null): Edge | null {
  return popularity === null || id === null ? null : { popularity, id }
}
