import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BookDraft, draftOf, tidy } from '../src/books/draft.ts'
import type { BookInput } from '../src/schemas.ts'

function drafted(input: Partial<BookInput>, fed?: Parameters<typeof draftOf>[1]): BookDraft {
  const result = draftOf({ title: 'Emma', ...input }, fed)
  if ('issues' in result) throw new Error(JSON.stringify(result.issues))
  return result.draft
}

function issues(input: Partial<BookInput>): { path: string; code: string }[] {
  const result = draftOf({ title: 'Emma', ...input })
  return 'issues' in result ? result.issues.map(({ path, code }) => ({ path, code })) : []
}

describe('tidy', () => {
  it('composes letters, and leaves single spaces and none at the ends', () => {
    expect(tidy('  Cafe\u0301 \t\n de\u00a0 Flore ')).toBe('Café de Flore')
  })

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(tidy(tidy(text))).toBe(tidy(text))
      }),
    )
  })
})

describe('a book as written becomes a draft', () => {
  it('that has everything, when only the title is given', () => {
    expect(drafted({ title: ' Emma ' })).toEqual({
      isbn13: null,
      title: 'Emma',
      subtitle: null,
      contributors: [],
      publisher: null,
      language: null,
      year: null,
      publishedOn: null,
      format: null,
      subjects: [],
      description: null,
      pages: null,
      price: null,
      coverUrl: null,
      availability: 'unknown',
      inStock: false,
      popularity: 0,
    })
  })

  it('in the forms of the catalogue', () => {
    expect(
      drafted({
        isbn13: 'ISBN 0-439-02348-3',
        subtitle: '  ',
        contributors: [
          { name: ' Jane  Austen ' },
          { id: '018F0000-0000-7000-8000-00000000000A', role: 'editor' },
        ],
        publisher: { name: 'John  Murray' },
        language: 'en-GB',
        publishedOn: '1815-12-23',
        subjects: [{ scheme: 'thema', code: ' FBC ' }],
      }),
    ).toMatchObject({
      isbn13: '9780439023481',
      subtitle: null,
      contributors: [
        { name: 'Jane Austen', role: 'author' },
        { id: '018f0000-0000-7000-8000-00000000000a', role: 'editor' },
      ],
      publisher: { name: 'John Murray' },
      language: 'eng',
      year: 1815,
      subjects: [{ scheme: 'thema', code: 'FBC', text: 'FBC' }],
    })
  })

  it('keeps the year that is given beside a day, since a reprint has a day of its own', () => {
    expect(drafted({ year: 1815, publishedOn: '2003-05-06' })).toMatchObject({ year: 1815 })
  })

  it('takes stock and popularity from who feeds them, unless the input says', () => {
    const fed = { inStock: true, popularity: 7 }
    expect(drafted({}, fed)).toMatchObject(fed)
    expect(drafted({ inStock: false, popularity: 0 }, fed)).toMatchObject({ inStock: false, popularity: 0 })
  })

  it('credits one person in two roles, and two people in one', () => {
    const contributors: BookInput['contributors'] = [
      { name: 'Ana', role: 'author' },
      { name: 'Ana', role: 'illustrator' },
      { name: 'Bea', role: 'author' },
    ]
    expect(drafted({ contributors }).contributors).toEqual(contributors)
  })
})

describe('what only the whole book can say is wrong', () => {
  it.each<[string, Partial<BookInput>, string, string]>([
    ['a wrong check digit', { isbn13: '9780439023482' }, '/isbn13', 'isbn_check_digit'],
    ['an ISMN', { isbn13: '9790060115615' }, '/isbn13', 'isbn_prefix'],
    ['a credit without a name', { contributors: [{}] }, '/contributors/0', 'required'],
    ['a credit twice', { contributors: [{ name: 'Ana' }, { name: 'ANA ' }] }, '/contributors/1', 'duplicate'],
    ['a publisher without a name', { publisher: {} }, '/publisher', 'required'],
    ['an unknown language', { language: 'klingon' }, '/language', 'language_unknown'],
    [
      'a subject twice',
      {
        subjects: [
          { scheme: 'bisac', code: 'X' },
          { scheme: 'thema', code: 'X' },
          { scheme: 'bisac', code: 'X ' },
        ],
      },
      '/subjects/2/code',
      'duplicate',
    ],
  ])('%s', (_what, input, path, code) => {
    expect(issues(input)).toEqual([{ path, code }])
  })

  it('is told all at once', () => {
    expect(issues({ isbn13: '123', language: 'xx', publisher: {} }).map(({ path }) => path)).toEqual([
      '/isbn13',
      '/publisher',
      '/language',
    ])
  })
})
