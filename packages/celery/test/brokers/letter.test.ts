import { expect, test } from 'vitest'
import type { DeadLetter } from '../../src/brokers/dead-letter-store.ts'
import { decodeLetter, letterCursor, pageLimit, readCursor } from '../../src/brokers/letter.ts'

test.each(['', '{}', 'null', '{"id": "i", "diedAt": "2026-01-01T00:00:00Z"}', '\xff'])(
  'what is no letter is not taken for one: %s',
  (text) => {
    expect(decodeLetter(text)).toBeUndefined()
  },
)

test('a cursor is a time and an id, whatever the id is', () => {
  const letter = { diedAt: '2026-03-01T13:00:00+01:00', id: 'a/b\nc' } as DeadLetter
  expect(readCursor(letterCursor(letter))).toEqual({ diedAt: '2026-03-01T12:00:00.000Z', id: 'a/b\nc' })
})

test.each([
  '',
  'x',
  '2026-03-01T12:00:00.000Z',
  '2026-03-01T12:00:00.000Z/',
  'Z/id',
  '2026-99-01T12:00:00.000Z/id',
])('what is no cursor is refused: %s', (cursor) => {
  expect(readCursor(cursor)).toBeUndefined()
  expect(() => pageLimit({ after: cursor })).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
})
