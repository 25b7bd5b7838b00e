import { expect, test } from 'vitest'
import type { OutboxRow } from '../src/index.ts'
import { awayMs, isToBeSaid, judge, retryMs } from '../src/outbox/rules.ts'

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

test('what is kept of an error is bounded, and no half of a character', () => {
  expect(judge(row, new Error('x'.repeat(10_000)), rules).error).toHaveLength(500)
  expect(judge(row, new Error('x'.repeat(499).concat('📕')), rules).error).toBe(
    'x'.repeat(499).concat('\uFFFD'),
  )
  expect(judge(row, 'only words', rules).error).toBe('only words')
})

test('a row waits for a second, doubled up to a minute, or up to a half less; a broker up to 15 s', () => {
  const attempts = [1, 2, 3, 6, 7, 9]
  expect(attempts.map((n) => retryMs(n, () => 0))).toEqual([1_000, 2_000, 4_000, 32_000, 60_000, 60_000])
  expect(attempts.map((n) => retryMs(n, () => 1))).toEqual([500, 1_000, 2_000, 16_000, 30_000, 30_000])
  expect([1, 2, 3, 4, 5, 100].map(awayMs)).toEqual([1_000, 2_000, 4_000, 8_000, 15_000, 15_000])
})

test('what passes by itself is said once, a fault every five minutes, and another reason at once', () => {
  const last = { reason: 'no table', at: 1_000 }
  expect(isToBeSaid(last, true, undefined)).toBe(true)
  expect(isToBeSaid({ reason: 'no disk', at: 1_001 }, true, last)).toBe(true)
  expect(isToBeSaid({ ...last, at: 300_999 }, false, last)).toBe(false)
  expect(isToBeSaid({ ...last, at: 301_000 }, false, last)).toBe(true)
  expect(isToBeSaid({ ...last, at: 3_000_000 }, true, last)).toBe(false)
})
