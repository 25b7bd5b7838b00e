import { expect, test } from 'vitest'
import type { OutboxRow } from '../src/index.ts'
import { awayMs, judge, retryMs } from '../src/outbox/rules.ts'

const row: OutboxRow = {
  sequence: 7,
  key: 'order 1',
  topic: 'task',
  payload: {},
  headers: {},
  createdAt: '2026-03-01T09:30:00.000Z',
  attempts: 2,
}
const rules = { isUnpublishable: () => false, maxAttempts: 10, retryMs: (attempts: number) => attempts * 100 }

test('a row that failed is tried again until it has had its attempts, or none can help', () => {
  const error = new Error('not now')
  expect(judge(row, error, rules)).toEqual({ row, attempts: 3, error: 'not now', retryMs: 300 })
  expect(judge({ ...row, attempts: 9 }, error, rules)).toMatchObject({ attempts: 10, retryMs: null })
  expect(judge(row, error, { ...rules, isUnpublishable: () => true })).toMatchObject({ retryMs: null })
})

test('what is kept of an error is bounded', () => {
  expect(judge(row, new Error('x'.repeat(10_000)), rules).error).toHaveLength(500)
  expect(judge(row, 'only words', rules).error).toBe('only words')
})

test('a row waits for a second, doubled up to a minute, or up to a half less; a broker up to 15 s', () => {
  const attempts = [1, 2, 3, 6, 7, 9]
  expect(attempts.map((n) => retryMs(n, () => 0))).toEqual([1_000, 2_000, 4_000, 32_000, 60_000, 60_000])
  expect(attempts.map((n) => retryMs(n, () => 1))).toEqual([500, 1_000, 2_000, 16_000, 30_000, 30_000])
  expect([1, 2, 3, 4, 5, 100].map(awayMs)).toEqual([1_000, 2_000, 4_000, 8_000, 15_000, 15_000])
})
