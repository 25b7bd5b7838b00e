import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { matches } from '../../src/control/matcher.ts'

describe('glob', () => {
  test.each([
    ['celery@web1', 'celery@*', true],
    ['celery@web1', '*@web?', true],
    ['celery@web1', 'celery@web[1-3]', true],
    ['celery@web1', 'celery@web[!1-3]', false],
    ['celery@web]', 'celery@web[]]', true],
    ['celery@web1', 'celery@web[1', false],
    ['celery@web[1', 'celery@web[1', true],
    ['celery@web1', 'celery', false],
    ['celery@web1', 'CELERY@web1', false],
    ['celery@web.1', 'celery@web.1', true],
    ['celery@webx1', 'celery@web.1', false],
    ['a-b', 'a[+-]b', true],
    ['', '', true],
    ['', '*', true],
    ['a', '', false],
  ])('%s and %s: %s', (name, pattern, expected) => {
    expect(matches(name, pattern, 'glob')).toBe(expected)
  })

  test('stars and question marks mean what they mean in a regular expression', () => {
    const letters = fc.constantFrom('a', 'b')
    const name = fc.string({ unit: letters, maxLength: 12 })
    const pattern = fc.string({ unit: fc.oneof(letters, fc.constantFrom('*', '?')), maxLength: 8 })
    fc.assert(
      fc.property(name, pattern, (text, glob) => {
        const regex = new RegExp(`^${glob.replaceAll('*', '.*').replaceAll('?', '.')}$`)
        expect(matches(text, glob, 'glob')).toBe(regex.test(text))
      }),
    )
  })

  test('many stars take no time', () => {
    const start = performance.now()
    expect(matches('a'.repeat(200), `${'*a'.repeat(300)}b`, 'glob')).toBe(false)
    expect(performance.now() - start).toBeLessThan(100)
  })
})

describe('regular expressions', () => {
  test.each([
    ['celery@web1', 'celery@web\\d', true],
    ['celery@web12', 'celery@web\\d', true],
    ['xcelery@web1', 'celery@web\\d', false],
    ['celery@web1', '.*web', true],
    ['celery@web1', '(', false],
  ])('%s and %s: %s', (name, pattern, expected) => {
    expect(matches(name, pattern, 'pcre')).toBe(expected)
  })

  test('one that would go on for ever is given up', () => {
    const start = performance.now()
    expect(matches(`${'a'.repeat(60)}b`, '(a+)+$', 'pcre')).toBe(false)
    expect(performance.now() - start).toBeLessThan(1_000)
  })

  test('one reaches nothing of this process', () => {
    expect(matches('a', 'a")||globalThis.process||("', 'pcre')).toBe(false)
  })
})

test('a matcher that is not known fits nobody, and neither does a pattern without measure', () => {
  expect(matches('a', 'a', 'jsonpath')).toBe(false)
  expect(matches('a', '*'.repeat(1_001), 'glob')).toBe(false)
})
