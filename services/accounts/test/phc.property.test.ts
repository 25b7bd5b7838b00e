import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatPhc, parsePhc } from '../src/passwords/phc.ts'

const bytes = (minLength: number, maxLength: number) =>
  fc.uint8Array({ minLength, maxLength }).map((array) => Buffer.from(array))
const hash = fc.record({
  memory: fc.integer({ min: 8, max: 4_000_000 }),
  passes: fc.integer({ min: 1, max: 999 }),
  parallelism: fc.integer({ min: 1, max: 255 }),
  salt: bytes(8, 48),
  tag: bytes(16, 64),
})

describe('PHC strings', () => {
  it('read back as they were written', () => {
    fc.assert(
      fc.property(hash, (value) => {
        const text = formatPhc(value)
        expect(parsePhc(text)).toEqual(value)
        expect(text).not.toContain('=$')
        expect(formatPhc(parsePhc(text))).toBe(text)
      }),
    )
  })

  // The example in the specification's repository, made by the reference implementation.
  it('are those of other implementations', () => {
    const text =
      '$argon2id$v=19$m=65536,t=2,p=1$gZiV/M1gPc22ElAH/Jh1Hw$CWOrkoo7oJBQ/iyh7uJ0LO2aLEfrHwTWllSAxT0zRno'
    expect(parsePhc(text)).toMatchObject({ memory: 65536, passes: 2, parallelism: 1 })
    expect(formatPhc(parsePhc(text))).toBe(text)
  })

  it('are refused when anything is missing or too much', () => {
    fc.assert(
      fc.property(hash, fc.nat(), (value, at) => {
        const text = formatPhc(value)
        const parts = text.split('$')
        const index = 1 + (at % (parts.length - 1))
        const without = parts.filter((_, i) => i !== index).join('$')
        expect(() => parsePhc(without)).toThrow('PHC')
        expect(() => parsePhc(`${text}$`)).toThrow('PHC')
        expect(() => parsePhc(` ${text}`)).toThrow('PHC')
      }),
    )
  })
})
