import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Book } from '../src/schemas.ts'
import { type CatalogHarness, startCatalog } from './harness.ts'
import { addBook } from './support/books.ts'
import { openLibrary } from './support/library.ts'
import { allOf, pageOf } from './support/listing.ts'

let shop: CatalogHarness
let library: Book[]

beforeAll(async () => {
  shop = await startCatalog()
  library = await openLibrary(shop)
})

afterAll(() => shop.stop())

const titles = async (q: string) => (await allOf(shop, { q })).map(({ title }) => title)
const tolkien = [
  'The Hobbit',
  'The Fellowship of the Ring',
  'The Two Towers',
  'The Return of the King',
  'The Silmarillion',
]
const potter = [
  'Harry Potter and the Philosopher’s Stone',
  'Harry Potter and the Chamber of Secrets',
  'Harry Potter and the Prisoner of Azkaban',
  'Harry Potter and the Goblet of Fire',
  'Harry Potter à l’école des sorciers',
  'Harry Potter und der Stein der Weisen',
]

describe('a book is found', () => {
  it.each([
    ['a word of its title', 'azkaban', ['Harry Potter and the Prisoner of Azkaban']],
    ['words in any order', 'fire goblet potter', ['Harry Potter and the Goblet of Fire']],
    ['title and author together', 'kafka schloß', ['Das Schloß']],
    ['its subtitle', 'prometheus modern', ['Frankenstein']],
    ['its series', 'earthsea cycle', ['A Wizard of Earthsea', 'The Tombs of Atuan', 'The Farthest Shore']],
    ['its publisher', 'gallimard camus', ['L’Étranger', 'La Peste']],
    ['its subject', 'retellings', ['Emma']],
    ['a number', '22', ['Catch-22']],
    ['a year that is a title', '1984', ['1984']],
    ['words without accents', 'nesnesitelna lehkost', ['Nesnesitelná lehkost bytí']],
    ['words with accents that it has not', 'fránkenstëin', ['Frankenstein']],
    ['capitals', 'SOLARIS LEM', ['Solaris']],
    ['letters that are no accents', 'stanislaw', ['Solaris']],
    ['ss for ß', 'das schloss', ['Das Schloß']],
    ['SS for ß, in capitals', 'DAS SCHLOSS', ['Das Schloß']],
    ['a dotted İ', 'iletisim', ['Kar']],
    ['Icelandic without its letters', 'sjalfstaett folk', ['Sjálfstætt fólk']],
    ['Hungarian without its accents', 'az ajto', ['Az ajtó']],
    ['Greek without its accents, in capitals', 'ΟΔΥΣΣΕΙΑ ΟΜΗΡΟΣ', ['Οδύσσεια']],
    ['Russian in capitals', 'ВОЙНА', ['Война и мир']],
    ['е for ё', 'федор', ['Преступление и наказание']],
    ['Arabic with vowel marks', 'أَلْف', ['ألف ليلة وليلة']],
    ['Hebrew with points', 'מִיכָאֵל', ['מיכאל שלי']],
    ['one Japanese character', '雪', ['雪国']],
    ['some of a Japanese title', 'ウェイ', ['ノルウェイの森']],
    ['a Japanese name without its space', '村上春樹', ['ノルウェイの森']],
    ['a Chinese title and its author', '三体 刘慈欣', ['三体']],
    ['Korean half typed', '채식', ['채식주의자']],
    ['Korean decomposed', '한강'.normalize('NFD'), ['채식주의자']],
    ['full-width letters', 'Ｓｏｌａｒｉｓ', ['Solaris']],
    ['signs between the words', 'catch...22!', ['Catch-22']],
    ['a word with a hyphen in two', 'swim two birds', ['At Swim-Two-Birds']],
  ])('by %s: %s', async (_what, q, expected) => {
    expect((await titles(q)).sort()).toEqual(expected.toSorted())
  })

  it.each([
    ['the apostrophe left out', 'philosophers stone', potter.slice(0, 1)],
    ['a straight apostrophe', "philosopher's stone", potter.slice(0, 1)],
    ['a curly one', 'philosopher’s stone', potter.slice(0, 1)],
    ['the word without its ending', 'philosopher ', potter.slice(0, 1)],
    ['the apostrophe only begun', "philosopher'", potter.slice(0, 1)],
    ['O’Brien whole', 'obrien ', ['At Swim-Two-Birds', 'The Things They Carried']],
    ['O’Brien in parts', 'o brien ', ['At Swim-Two-Birds', 'The Things They Carried']],
    ['O´Brien', 'O´Brien ', ['At Swim-Two-Birds', 'The Things They Carried']],
    ['Brien', 'flann brien', ['At Swim-Two-Birds']],
    ['the word behind an article', 'étranger', ['L’Étranger']],
    ['the word with its article', "l'etranger", ['L’Étranger']],
    ['them written together', 'letranger', ['L’Étranger']],
  ])('with %s: %s', async (_what, q, expected) => {
    expect((await titles(q)).sort()).toEqual(expected.toSorted())
  })

  it.each(['jk rowling', 'j.k. rowling', 'J K Rowling', 'J. K. ROWLING', 'rowling j.k.', 'rowling'])(
    'by the initials of its author: %s',
    async (q) => {
      expect((await titles(q)).sort()).toEqual(potter.toSorted())
    },
  )

  it.each(['jrr tolkien', 'J.R.R. Tolkien', 'j r r tolkien', 'J. R. R. TOLKIEN', 'Tolkien, J.R.R.'])(
    'by three of them: %s',
    async (q) => {
      expect((await titles(q)).sort()).toEqual(tolkien.toSorted())
    },
  )

  it('by a middle initial, and by an acronym with and without its points', async () => {
    expect(await titles('ursula k le guin darkness')).toEqual(['The Left Hand of Darkness'])
    expect(await titles('rur')).toEqual(['R.U.R.'])
    expect(await titles('R.U.R.')).toEqual(['R.U.R.'])
  })

  it.each([
    ['s', true],
    ['silm', true],
    ['silmarillio', true],
    ['silmarillion', true],
    ['tolkien silm', true],
    ['silm ', false],
    ['silm tolkien', false],
  ])('while its last word is being typed, but a space ends the word: "%s"', async (q, found) => {
    const page = await pageOf(shop, { q, limit: 100 })
    const exactly = page.correctedQuery === null ? page.items : []
    expect(exactly.some(({ title }) => title === 'The Silmarillion')).toBe(found && q !== 's')
  })

  it('by its ISBN in every form', async () => {
    const [book] = library
    const isbn = book?.isbn13 ?? ''
    const hyphenated = `${isbn.slice(0, 3)}-${isbn.slice(3, 4)}-${isbn.slice(4, 12)}-${isbn.slice(12)}`
    for (const q of [isbn, hyphenated, ` ${isbn} `, book?.isbn10 ?? '', `ISBN ${isbn}`, `urn:isbn:${isbn}`]) {
      expect(await pageOf(shop, { q, total: true })).toMatchObject({ items: [{ id: book?.id }], total: 1 })
      expect(await pageOf(shop, { q, sort: 'title' })).toMatchObject({ items: [{ id: book?.id }] })
    }
    expect((await pageOf(shop, { q: isbn, language: 'fre' })).items).toEqual([])
  })

  it('by a title of signs alone, page by page too', async () => {
    expect(await titles('!!!')).toEqual(['!!!', '!!!'])
    expect(await allOf(shop, { q: ' !!! ', limit: 1 })).toHaveLength(2)
    expect(await allOf(shop, { q: '!!!', limit: 1, sort: 'newest' })).toHaveLength(2)
  })
})

describe('a misspelt query', () => {
  it.each([
    ['tolkein', tolkien],
    ['tolkin', tolkien],
    ['rowlign', potter],
    ['harry poter', potter],
    ['hary potter', potter],
    [
      'hobit',
      ['The Hobbit', 'The Hobbit', 'A Hobbit’s Travels', 'Corsairs of the Hobbit Sea', 'On Middle-earth'],
    ],
    ['frankenstien', ['Frankenstein']],
    ['garcia marques', ['Cien años de soledad', 'El amor en los tiempos del cólera']],
    ['достаевский', ['Преступление и наказание']],
    ['silmarilion', ['The Silmarillion']],
    ['silmarri', ['The Silmarillion']],
    ['silmarrilion', ['The Silmarillion']],
    ['kafak', ['Die Verwandlung', 'Der Prozess', 'Das Schloß']],
    ['prejudice pride asten', ['Pride and Prejudice']],
  ])('%s is forgiven, and told', async (q, expected) => {
    expect((await titles(q)).sort()).toEqual(expected.toSorted())
    expect((await pageOf(shop, { q })).correctedQuery).toEqual(expect.any(String))
  })

  it('says what it was taken for', async () => {
    expect(await pageOf(shop, { q: 'the hobit', limit: 1 })).toMatchObject({ correctedQuery: 'the hobbit' })
  })

  it('is taken for what comes nearest', async () => {
    await addBook(shop, { title: 'Tolkeens' })
    expect(await pageOf(shop, { q: 'tolkein ' })).toMatchObject({ correctedQuery: 'tolkien' })
  })

  it('has only its unknown words forgiven, when the known ones are right', async () => {
    await addBook(shop, { title: 'Silver Walker' })
    await addBook(shop, { title: 'Silver Talker' })
    expect(await titles('walker silevr')).toEqual(['Silver Walker'])
  })

  it('is forgiven when each word is known, but no book has them all', async () => {
    expect(await titles('emma austin')).toEqual(['Emma'])
    expect(await titles('two powers')).toEqual(['The Two Towers'])
  })

  it('is not forgiven when something matches as typed', async () => {
    const page = await pageOf(shop, { q: 'robot' })
    expect(page.correctedQuery).toBeNull()
    expect(await titles('robot ')).toEqual(expect.arrayContaining(['I, Robot', 'Robot Dreams']))
    expect(await titles('kar')).toEqual(['Kar', 'R.U.R.'])
  })

  it.each(['xqzzv', 'kqwv hobbit', 'kfaak', 'ecq', '1948', '99999', 'zz', '魔', 'щщщщ'])(
    'that is nonsense finds nothing: %s',
    async (q) => {
      expect(await pageOf(shop, { q, total: true })).toMatchObject({ items: [], nextCursor: null, total: 0 })
    },
  )

  it('is corrected alike on each of its pages, in relevance and in order', async () => {
    const all = await titles('tolkein')
    for (const sort of ['relevance', 'title', 'newest', 'price', '-price', 'popularity']) {
      const paged = await allOf(shop, { q: 'tolkein', limit: 2, sort })
      expect(paged.map(({ title }) => title).sort()).toEqual(all.toSorted())
    }
  })
})
