import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mergePatch } from '../src/index.ts'

const withNull = fc.jsonValue({ maxDepth: 4 })

function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const kept = Object.entries(value).filter(([, member]) => member !== null)
  return Object.fromEntries(kept.map(([name, member]) => [name, withoutNulls(member)]))
}

describe('the examples of RFC 7396, appendix A', () => {
  test.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j and %j', (target, patch, result) => {
    expect(mergePatch(target, patch)).toEqual(result)
  })
})

test('a patch of a patch changes nothing more', () => {
  fc.assert(
    fc.property(withNull, withNull, (target, patch) => {
      const once = mergePatch(target, patch)
      expect(mergePatch(once, patch)).toEqual(once)
    }),
  )
})

test('patching nothing gives the patch without its nulls, and an empty patch changes nothing', () => {
  fc.assert(
    fc.property(withNull, fc.dictionary(fc.string(), withNull), (patch, object) => {
      fc.pre(!JSON.stringify([patch, object]).includes('__proto__'))
      expect(mergePatch(undefined, patch)).toEqual(withoutNulls(patch))
      expect(mergePatch(object, {})).toEqual(object)
    }),
  )
})

test('neither argument is changed', () => {
  fc.assert(
    fc.property(withNull, withNull, (target, patch) => {
      const before = JSON.stringify([target, patch])
      mergePatch(target, patch)
      expect(JSON.stringify([target, patch])).toBe(before)
    }),
  )
})

test('a prototype cannot be reached', () => {
  const merged = mergePatch({}, JSON.parse('{"__proto__":{"admin":true},"toString":{"x":1}}'))
  expect(merged).toEqual({ toString: { x: 1 } })
  expect(Object.getPrototypeOf(merged)).toBe(Object.prototype)
  expect('admin' in {}).toBe(false)
})
