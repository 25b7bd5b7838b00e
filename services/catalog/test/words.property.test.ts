import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { searchDocument } from '../src/search/document.ts'
import { termsOf, tsqueryOf } from '../src/search/terms.ts'
import { fold, indexWords, nameKey, queryWords } from '../src/search/words.ts'

/** Text as people write it, text as nobody does, and letters that case and accents play tricks with. */
const tricky = fc.string({
  unit: fc.constantFrom(
    ...["'", '’', 'ʼ', '-', '.', ' ', 'Σ', 'σ', 'ς', 'İ', 'ı', 'ß', 'ẞ', 'ŉ', 'ﬃ', 'Ǆ', 'ǲ', 'é', 'e\u0301'],
    ...[
      '\u0301',
      '\u0345',
      'ᾳ',
      'ΐ',
      '한',
      'ㄱ',
      '\u1100',
      '\u1161',
      '日',
      '本',
      'ก',
      '\u0e33',
      'ຳ',
      'ﷺ',
      '①',
      '²',
    ],
    ...[
      '𝒜',
      '😀',
      '👩\u200d🚀',
      '\u200b',
      '\u00ad',
      'a',
      'B',
      '1',
      'א\u05b8',
      'ش\u064e',
      'क\u094d',
      '゙',
      'カ',
      'ガ',
    ],
  ),
  maxLength: 20,
})
const text = fc.oneof(
  tricky,
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.string({ unit: 'binary', maxLength: 30 }),
)

describe('fold', () => {
  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(text, (value) => {
        expect(fold(fold(value))).toBe(fold(value))
      }),
      { numRuns: 2000 },
    )
  })

  it('does not depend on how the letters are composed', () => {
    fc.assert(
      fc.property(text, (value) => {
        expect(fold(value.normalize('NFD'))).toBe(fold(value.normalize('NFC')))
      }),
      { numRuns: 2000 },
    )
  })
})

describe('a title', () => {
  it('is found by every word of it', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), (words) => {
        const indexed = new Set(indexWords(words.join(' ')))
        for (const word of words) {
          expect(queryWords(word).filter((wanted) => !indexed.has(wanted))).toEqual([])
        }
      }),
      { numRuns: 3000 },
    )
  })

  it('is found by the parts of a word with an apostrophe', () => {
    fc.assert(
      fc.property(fc.array(tricky, { minLength: 1, maxLength: 4 }), (parts) => {
        const title = parts.map((part) => part.replaceAll(/[^\p{L}\p{N}]|ʼ|ŉ|ﷺ/gu, '')).filter(Boolean)
        const indexed = new Set(indexWords(title.join('’')))
        for (const part of title) {
          expect(queryWords(part).filter((wanted) => !indexed.has(wanted))).toEqual([])
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('is found by itself in capitals, while it is still being typed', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'abσςέіїøå'), minLength: 3, maxLength: 12 }),
        (word) => {
          const indexed = indexWords(word)
          for (let typed = 2; typed <= word.length; typed++) {
            const [term] = termsOf(word.slice(0, typed).toUpperCase())
            expect(term?.prefix).toBe(true)
            expect(indexed.some((known) => known.startsWith(term?.word ?? '?'))).toBe(true)
          }
        },
      ),
    )
  })

  it('has one key, however often the key is made', () => {
    fc.assert(
      fc.property(text, (value) => {
        const key = nameKey(value)
        if (key.length < 200) expect(nameKey(key)).toBe(key)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('what reaches PostgreSQL', () => {
  const book = { subtitle: null, language: null, year: null, format: null, publisher: null, subjects: [] }

  it('is made of whole, unempty words without a sign that its syntax knows', () => {
    fc.assert(
      fc.property(text, text, (title, name) => {
        const id = '018f0000-0000-7000-8000-000000000001'
        const { vector } = searchDocument({ ...book, title, contributors: [{ id, name }] })
        expect(vector).toMatch(/^(('[^'\\]+':\d+[ABCD]|'=[a-z][\w-]+')( |$))+$/u)
        expect(tsqueryOf(termsOf(title), []) ?? "'x'").toMatch(/^'[^'\\]+'(:\*)?( & '[^'\\]+'(:\*)?)*$/u)
      }),
      { numRuns: 2000 },
    )
  })

  it('stays within what a tsvector holds, whatever a book is called and whoever wrote it', () => {
    const han = fc.integer({ min: 0x4e00, max: 0x9fff }).map((code) => String.fromCodePoint(code))
    const long = fc.oneof(
      fc.string({ unit: han, minLength: 900, maxLength: 1000 }),
      fc.string({ unit: 'grapheme', minLength: 900, maxLength: 1000 }),
    )
    fc.assert(
      fc.property(fc.array(long, { minLength: 20, maxLength: 40 }), ([title = '', ...names]) => {
        const contributors = names.map((name) => ({ id: '018f0000-0000-7000-8000-000000000001', name }))
        const { vector } = searchDocument({ ...book, title, contributors })
        expect(Buffer.byteLength(vector)).toBeLessThan(500_000)
      }),
      { numRuns: 10 },
    )
  })
})
