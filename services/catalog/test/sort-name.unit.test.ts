import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sortName } from '../src/books/sort-name.ts'

describe('how a list sorts a name', () => {
  it.each([
    ['Jane Austen', 'Austen, Jane'],
    ['J. K. Rowling', 'Rowling, J. K.'],
    ['J.R.R. Tolkien', 'Tolkien, J.R.R.'],
    ['Vincent van Gogh', 'Gogh, Vincent van'],
    ['Johann Wolfgang von Goethe', 'Goethe, Johann Wolfgang von'],
    ['Annette von der Decken', 'Decken, Annette von der'],
    ['Honoré de Balzac', 'Balzac, Honoré de'],
    ['Martin Luther King Jr.', 'King, Martin Luther Jr.'],
    ['Eugene O’Booksmith', 'O’Booksmith, Eugene'],
    ['Gabriel García Márquez', 'Márquez, Gabriel García'],
    ['  Jane   Austen ', 'Austen, Jane'],
  ])('%s as %s', (name, expected) => {
    expect(sortName(name)).toBe(expected)
  })

  it.each(['Plato', 'Rowling, J. K.', 'Dumas, Alexandre, père', '村上春樹', '!!!'])(
    '%s as it stands',
    (name) => {
      expect(sortName(name)).toBe(name)
    },
  )

  it.each(['村上 春樹', 'あずま きよひこ', '石田 スイ', '한 강', '余 华'])(
    '%s, whose family name comes first, as it stands',
    (name) => {
      expect(sortName(name)).toBe(name)
    },
  )

  it.each([
    'DK Publishing',
    'Phaidon Press',
    'Lonely Planet Publications Pty Ltd.',
    'Carl Hanser Verlag GmbH',
    'Golden Books',
    'American Psychiatric Association',
    'Oxford University',
    'Reader’s Digest Editors',
    'LIFE STAFF',
  ])('%s, which is no person, as it stands', (name) => {
    expect(sortName(name)).toBe(name)
  })

  it('keeps every word of the name and adds one comma at most', () => {
    const word = fc.constantFrom('Ana', 'van', 'de', 'Jr.', 'III', 'O’Brien', 'la', 'X.', '春樹')
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), (words) => {
        const sorted = sortName(words.join(' '))
        expect(sorted.replace(',', '').split(' ').sort()).toEqual(words.toSorted())
        expect(sorted).not.toMatch(/^,|,$/)
      }),
    )
  })
})
