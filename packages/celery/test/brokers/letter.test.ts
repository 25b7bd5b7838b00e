import { expect, test } from 'vitest'
import type { DeadLetter } from '../../src/brokers/dead-letter-store.ts'
import { decodeLetter, encodeLetter, letterCursor, pageLimit, readCursor } from '../../src/brokers/letter.ts'
import { encodeMended } from '../../src/brokers/mended-json.ts'
import { decodeJson } from '../../src/protocol/json.ts'

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

const properties = { contentType: 'application/json', contentEncoding: 'utf-8' }
const letter: Omit<DeadLetter, 'message'> = {
  id: 'i',
  reason: 'unknown_task',
  taskId: 't1',
  task: 't',
  queue: 'q',
  exchange: '',
  routingKey: 'q',
  diedAt: '2026-01-01T00:00:00Z',
  worker: 'w',
  error: { type: 'E', message: '', traceback: undefined },
  history: [],
}

test.each([
  { __type__: 'order', __value__: 7 },
  { __type__: 'decimal', __value__: '1.50' },
  { deep: [{ __type__: 1, __value__: { __type__: 'date', __value__: null } }] },
  { __type__: 'order', __value__: 7, __plain__: 'yes' },
  { __type__: 'order' },
])('a header that looks like a typed value is kept as it came: %j', (tag) => {
  const message = { headers: { task: 't', tag }, properties, body: Buffer.from('[]') }
  expect(decodeLetter(encodeLetter({ ...letter, message }))?.message).toEqual(message)
})

test('what came from elsewhere can be written, and then be read', () => {
  const deep: unknown[] = []
  for (let depth = 0, inner = deep; depth < 2_000; depth++) {
    const next: unknown[] = []
    inner.push(next)
    inner = next
  }
  const text = encodeMended({ 'half \udcff': ['\ud800', 5n], deep }, 'headers')
  const { deep: shallower, ...rest } = decodeJson(text) as Record<string, unknown>
  expect(rest).toEqual({ 'half \ufffd': ['\ufffd', 5] })
  expect(shallower).toHaveLength(1)
})

test('what is no data is refused all the same', () => {
  const cycle: unknown[] = ['\ud800']
  cycle.push(cycle)
  for (const value of [cycle, ['\ud800', () => 1]]) {
    expect(() => encodeMended(value, 'headers')).toThrow(expect.objectContaining({ code: 'BAD_VALUE' }))
  }
})
