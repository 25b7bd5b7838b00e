import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clientKey } from '../src/admission/rate-check.ts'
import { createRateLimiter } from '../src/index.ts'

const rule = fc.record({
  burst: fc.integer({ min: 1, max: 50 }),
  perMinute: fc.integer({ min: 1, max: 6000 }),
})
const gaps = fc.array(fc.integer({ min: 0, max: 30_000 }), { minLength: 1, maxLength: 200 })
const startMs = 1_700_000_000_000

function times(between: readonly number[]): number[] {
  let now = startMs
  return between.map((gap) => {
    now += gap
    return now
  })
}

test('within any stretch of time no more than the burst and the rate get through', () => {
  fc.assert(
    fc.property(rule, gaps, ({ burst, perMinute }, between) => {
      const limiter = createRateLimiter({ burst, perMinute, maxKeys: 10 })
      const allowed = times(between).filter((now) => limiter.take('k', now).allowed)
      allowed.forEach((from, first) => {
        allowed.slice(first).forEach((to, index) => {
          expect(index + 1).toBeLessThanOrEqual(burst + ((to - from) * perMinute) / 60_000 + 1e-6)
        })
      })
    }),
    { numRuns: 50 },
  )
})

test('the burst is there after a pause, and one more is refused', () => {
  fc.assert(
    fc.property(rule, ({ burst, perMinute }) => {
      const limiter = createRateLimiter({ burst, perMinute, maxKeys: 10 })
      const left = Array.from({ length: burst }, () => limiter.take('k', startMs))
      expect(left.map(({ remaining }) => remaining)).toEqual(
        Array.from({ length: burst }, (_, i) => burst - 1 - i),
      )
      expect(left.every(({ allowed, retryAfterSeconds }) => allowed && retryAfterSeconds === 0)).toBe(true)
      expect(limiter.take('k', startMs).allowed).toBe(false)
    }),
  )
})

test('whoever waits as long as they are told is let in', () => {
  fc.assert(
    fc.property(rule, gaps, (limits, between) => {
      const limiter = createRateLimiter({ ...limits, maxKeys: 10 })
      for (const now of times(between)) {
        const { allowed, retryAfterSeconds } = limiter.take('k', now)
        if (allowed) continue
        expect(retryAfterSeconds).toBeGreaterThan(0)
        expect(createSameState(limits, between, now).take('k', now + retryAfterSeconds * 1000).allowed).toBe(
          true,
        )
      }
    }),
    { numRuns: 30 },
  )
})

/** A limiter that has seen the same requests up to `until`. */
function createSameState(
  limits: { burst: number; perMinute: number },
  between: readonly number[],
  until: number,
) {
  const limiter = createRateLimiter({ ...limits, maxKeys: 10 })
  for (const now of times(between)) if (now <= until) limiter.take('k', now)
  return limiter
}

test('keys do not touch each other, and no more of them are kept than is said', () => {
  const limiter = createRateLimiter({ burst: 1, perMinute: 1, maxKeys: 2 })
  expect(limiter.take('a', startMs).allowed).toBe(true)
  expect(limiter.take('b', startMs).allowed).toBe(true)
  expect(limiter.take('a', startMs).allowed).toBe(false)
  expect(limiter.take('c', startMs).allowed).toBe(true)
  expect(limiter.take('b', startMs).allowed).toBe(true)
})

describe('the key of a client', () => {
  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('%s', (address, key) => {
    expect(clientKey(address)).toBe(key)
  })
})
