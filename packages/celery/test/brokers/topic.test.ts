import fc from 'fast-check'
import { expect, test } from 'vitest'
import { topicMatches } from '../../src/brokers/topic.ts'

test.each([
  ['#', '', true],
  ['#', 'a.b.c', true],
  ['task.*', 'task.sent', true],
  ['task.*', 'task', false],
  ['task.*', 'task.sent.again', false],
  ['task.#', 'task', true],
  ['*.sent', 'task.sent', true],
  ['#.celery', 'celery', true],
  ['#.celery', '0.1.celery', true],
  ['#.celery', '0.1.celery.other', false],
  ['a.#.b.#.c', 'a.x.b.c', true],
  ['a.#.b.#.c', 'a.x.c', false],
  ['a', 'b', false],
  ['', '', true],
])('%s takes %s: %s', (pattern, key, expected) => {
  expect(topicMatches(pattern, key)).toBe(expected)
})

test('every pattern takes what its definition says', () => {
  const words = (of: string[]) => fc.array(fc.constantFrom(...of), { maxLength: 7 })
  fc.assert(
    fc.property(words(['#', '*', 'a', 'b']), words(['a', 'b']), (pattern, key) => {
      expect(topicMatches(pattern.join('.'), key.join('.'))).toBe(takes(pattern, key))
    }),
    { numRuns: 1_000 },
  )
})

function takes([word, ...rest]: string[], key: string[]): boolean {
  if (word === undefined) return key.length === 0
  if (word === '#') return takes(rest, key) || (key.length > 0 && takes([word, ...rest], key.slice(1)))
  return key.length > 0 && (word === '*' || word === key[0]) && takes(rest, key.slice(1))
}

test('many #, in a pattern that does not fit a long key, take little time', () => {
  const began = performance.now()
  expect(topicMatches('#.a.#.a.#.a.#.b', Array(400).fill('a').join('.'))).toBe(false)
  expect(performance.now() - began).toBeLessThan(1_000)
})
