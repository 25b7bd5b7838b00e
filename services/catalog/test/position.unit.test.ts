import { type CursorKeys, encodeCursor, Problem } from '@colophon/http'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keyPosition } from '../src/key-cursor.ts'
import {
  type RelevancePosition,
  relevanceKeys,
  relevancePosition,
  sortedPosition,
} from '../src/search/position.ts'

const query = { q: 'emma', sort: 'title' }
const id = '018f0000-0000-7000-8000-000000000001'

const edge = fc.record({ popularity: fc.maxSafeNat(), id: fc.uuid() })
const position: fc.Arbitrary<RelevancePosition> = fc.record({
  correctedQuery: fc.option(fc.constantFrom('tolkien', 'emma')),
  exact: fc.boolean(),
  start: fc.option(edge),
  end: fc.option(edge),
  after: fc.option(
    fc.record({ score: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }), id: fc.uuid() }),
  ),
})

describe('a position', () => {
  it('by relevance comes back from its cursor as it was', () => {
    fc.assert(
      fc.property(position, (given) => {
        const read = relevancePosition(encodeCursor(query, relevanceKeys(given)), query)
        // JSON has one zero.
        expect(JSON.stringify(read)).toBe(JSON.stringify(given))
      }),
    )
  })

  it('in an order comes back from its cursor as it was', () => {
    const text = encodeCursor(query, [null, 'Hobbit', id])
    expect(sortedPosition(text, query, 'text')).toEqual({ correctedQuery: null, key: 'Hobbit', id })
    const number = encodeCursor(query, ['emma', -2_147_483_648, id])
    expect(sortedPosition(number, query, 'integer')).toEqual({
      correctedQuery: 'emma',
      key: -2_147_483_648,
      id,
    })
  })
})

describe('a key and an id', () => {
  it('come back from their cursor as they were', () => {
    expect(keyPosition(encodeCursor(query, ['Emma', id]), query, 'text')).toEqual({ key: 'Emma', id })
    expect(keyPosition(encodeCursor(query, [-1, id]), query, 'integer')).toEqual({ key: -1, id })
  })
})

describe('a made-up cursor is refused', () => {
  const refused = (read: () => unknown) => {
    expect(read).toThrow(Problem)
    expect(read).toThrow(expect.objectContaining({ status: 400, code: 'invalid_cursor' }))
  }

  it.each<[string, CursorKeys, 'text' | 'integer']>([
    ['a correction that is no text', [3, 1, id], 'integer'],
    ['a correction with a NUL', ['a\0b', 1, id], 'integer'],
    ['a key of another type', [null, 'Hobbit', id], 'integer'],
    ['a number where a text is', [null, 1, id], 'text'],
    ['half a number', [null, 1.5, id], 'integer'],
    ['a number beyond what is exact', [null, 1e300, id], 'integer'],
    ['not an id', [null, 1, 'x'], 'integer'],
    ['an id with more behind it', [null, 1, `${id}'`], 'integer'],
    ['a NUL', [null, 'a\0b', id], 'text'],
    ['half a surrogate pair', [null, '\ud800', id], 'text'],
    ['too few keys', [null, 1], 'integer'],
    ['too many keys', [null, 1, id, id], 'integer'],
    ['no key', [null, null, id], 'integer'],
  ])('with %s', (_what, keys, type) => {
    refused(() => sortedPosition(encodeCursor(query, keys), query, type))
  })

  it.each<[string, CursorKeys]>([
    ['half an edge that is not whole', [null, 0, 1.5, id, null, null, null, null]],
    ['an edge whose id is none', [null, 0, 1, 'x', null, null, null, null]],
    ['a score whose id is none', [null, 0, null, null, null, null, 0.5, 'x']],
    ['a text for a score', [null, 0, null, null, null, null, 'x', id]],
  ])('with %s', (_what, keys) => {
    refused(() => relevancePosition(encodeCursor(query, keys), query))
  })

  it.each<[string, CursorKeys, 'text' | 'integer']>([
    ['a correction, where none can be', [null, 'Emma', id], 'text'],
    ['a key of another type', ['Emma', id], 'integer'],
    ['half a number', [1.5, id], 'integer'],
    ['a NUL', ['a\0b', id], 'text'],
    ['not an id', ['Emma', 'x'], 'text'],
    ['no id', ['Emma'], 'text'],
  ])('of a sorted list with %s', (_what, keys, type) => {
    refused(() => keyPosition(encodeCursor(query, keys), query, type))
  })

  it('when it was made for another query', () => {
    refused(() => sortedPosition(encodeCursor({ q: 'other' }, [null, 1, id]), query, 'integer'))
  })
})
