import { type CursorKeys, decodeCursor, invalidCursor } from '@colophon/http'
import type { KeyPosition } from '../key-cursor.ts'

/** How far a query was corrected: not, words the catalogue lacks, every word (search/correct.ts). */
export type Correction = 0 | 1 | 2

/** Where a page of the books that a query finds begins, in an order of theirs. */
export interface SortedPosition extends KeyPosition {
  correction: Correction
}

/** A place in the order of popularity. */
export interface Edge {
  popularity: number
  id: string
}

/**
 * Where a page of a list by relevance begins: in the window of candidates between two places in the order of
 * popularity (search/by-relevance.ts), after this score and id when it is not the window's first page.
 */
export interface RelevancePosition {
  correction: Correction
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
  const [correction, key, id] = decodeCursor(cursor, query, ['integer', keyType, 'uuid'])
  return { correction: correctionOf(correction), key, id }
}

/** Reads a cursor of a list by relevance. @throws Problem invalid_cursor */
export function relevancePosition(cursor: string, query: unknown): RelevancePosition {
  const edges = ['integer?', 'uuid?', 'integer?', 'uuid?'] as const
  const shape = ['integer', 'integer', ...edges, 'number?', 'uuid?'] as const
  const [correction, exact, startKey, startId, endKey, endId, score, id] = decodeCursor(cursor, query, shape)
  return {
    correction: correctionOf(correction),
    exact: exact === 1,
    start: edge(startKey, startId),
    end: edge(endKey, endId),
    after: score === null || id === null ? null : { score, id },
  }
}

/** The keys of a cursor for this position. */
export function relevanceKeys({ correction, exact, start, end, after }: RelevancePosition): CursorKeys {
  return [
    correction,
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

function correctionOf(value: number): Correction {
  if (value === 0 || value === 1 || value === 2) return value
  throw invalidCursor()
}
