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
