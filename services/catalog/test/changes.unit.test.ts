import { describe, expect, it } from 'vitest'
import { changedGroups, changesBetween, statedGroups } from '../src/books/changes.ts'
import { groupNames } from '../src/books/field-groups.ts'
import type { ResolvedDraft } from '../src/books/resolve-names.ts'
import type { Book } from '../src/schemas.ts'

const ana = { id: '018f0000-0000-7000-8000-00000000000a', name: 'Ana', role: 'author' } as const
const bea = { id: '018f0000-0000-7000-8000-00000000000b', name: 'Bea', role: 'author' } as const

const draft: ResolvedDraft = {
  isbn13: '9780439023481',
  title: 'Emma',
  subtitle: null,
  contributors: [ana, bea],
  publisher: { id: '018f0000-0000-7000-8000-00000000000c', name: 'John Murray' },
  language: 'eng',
  year: 1815,
  publishedOn: '1815-12-23',
  format: 'hardback',
  subjects: [{ id: '018f0000-0000-7000-8000-00000000000d', scheme: 'thema', code: 'FBC', text: 'Classics' }],
  description: 'A novel',
  pages: 474,
  price: { amount: 1299, currency: 'EUR' },
  coverUrl: 'https://example.com/emma.jpg',
  availability: 'available',
  inStock: true,
  popularity: 7,
}

const book: Book = {
  ...draft,
  id: '018f0000-0000-7000-8000-000000000001',
  isbn10: '0439023483',
  subjects: [{ scheme: 'thema', code: 'FBC', text: 'Classics' }],
  version: 3,
  updatedAt: '2026-01-01T00:00:00Z',
}

describe('changesBetween', () => {
  it('finds none in what was read', () => {
    expect(changesBetween(book, draft)).toEqual({})
  })

  it('does not mind in which order the members of a price come', () => {
    expect(changesBetween(book, { ...draft, price: { currency: 'EUR', amount: 1299 } })).toEqual({})
  })

  it('says what each field was and is', () => {
    const after: ResolvedDraft = {
      ...draft,
      title: 'Persuasion',
      subtitle: 'A Novel',
      price: null,
      inStock: false,
      popularity: 0,
    }
    expect(changesBetween(book, after)).toEqual({
      title: ['Emma', 'Persuasion'],
      subtitle: [null, 'A Novel'],
      price: [{ amount: 1299, currency: 'EUR' }, null],
      inStock: [true, false],
      popularity: [7, 0],
    })
  })

  it('counts another order of contributors as a change', () => {
    expect(changesBetween(book, { ...draft, contributors: [bea, ana] })).toEqual({
      contributors: [
        [ana, bea],
        [bea, ana],
      ],
    })
  })
})

describe('the groups of fields', () => {
  it('that changed are those of the changed fields', () => {
    expect(changedGroups({ subtitle: [null, 'x'], pages: [1, 2], year: [1, 2] })).toEqual([
      'title',
      'publication',
    ])
    expect(changedGroups({})).toEqual([])
  })

  it('that are stated are those with something in them', () => {
    expect(statedGroups(draft)).toEqual(groupNames)
    const bare: ResolvedDraft = {
      ...draft,
      ...{ isbn13: null, subtitle: null, contributors: [], publisher: null, language: null, year: null },
      ...{ publishedOn: null, format: null, subjects: [], description: null, pages: null, price: null },
      ...{ coverUrl: null, availability: 'unknown', inStock: false, popularity: 0 },
    }
    expect(statedGroups(bare)).toEqual(['title'])
    expect(statedGroups({ ...bare, price: { amount: 0, currency: 'EUR' }, year: 0 })).toEqual([
      'title',
      'price',
    ])
  })
})
