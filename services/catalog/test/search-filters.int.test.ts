import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Book } from '../src/schemas.ts'
import { type CatalogHarness, startCatalog } from './harness.ts'
import { addBook, patchBook, readBook } from './support/books.ts'
import { openLibrary } from './support/library.ts'
import { allOf, askFor, pageOf, type Query } from './support/listing.ts'

let shop: CatalogHarness
let library: Book[]

beforeAll(async () => {
  shop = await startCatalog()
  library = await openLibrary(shop)
})

afterAll(() => shop.stop())

const ids = (books: readonly Book[]) => books.map(({ id }) => id).sort()
const between = (value: number | null | undefined, from: number, to = Number.POSITIVE_INFINITY) =>
  typeof value === 'number' && value >= from && value <= to

/** Filters, and which books they mean. */
const filters: [Query, (book: Book) => boolean][] = [
  [{ language: 'eng' }, ({ language }) => language === 'eng'],
  [{ language: 'de' }, ({ language }) => language === 'ger'],
  [{ language: 'fra' }, ({ language }) => language === 'fre'],
  [{ language: 'pt-BR' }, ({ language }) => language === 'por'],
  [{ language: 'lat' }, () => false],
  [{ format: 'ebook' }, ({ format }) => format === 'ebook'],
  [{ inStock: true }, ({ inStock }) => inStock],
  [{ inStock: false }, ({ inStock }) => !inStock],
  [{ year: '1968' }, ({ year }) => year === 1968],
  [{ year: '1960..1969' }, ({ year }) => between(year, 1960, 1969)],
  [{ year: '1800..1999' }, ({ year }) => between(year, 1800, 1999)],
  [{ year: '2000..' }, ({ year }) => between(year, 2000)],
  [{ year: '..1900' }, ({ year }) => between(year, -9999, 1900)],
  [{ year: '-750' }, ({ year }) => year === -750],
  [{ year: '-760..-740' }, ({ year }) => between(year, -760, -740)],
  [{ year: '9999..' }, () => false],
  [{ price: '500' }, ({ price }) => price?.amount === 500],
  [{ price: '0..700' }, ({ price }) => between(price?.amount, 0, 700)],
  [{ price: '2000..' }, ({ price }) => between(price?.amount, 2000)],
  [{ price: '..500' }, ({ price }) => between(price?.amount, 0, 500)],
  [{ price: '999999999..' }, () => false],
  [{ subject: 'keyword:robots' }, ({ subjects }) => subjects.some(({ code }) => code === 'robots')],
  [
    { subject: 'keyword:science fiction' },
    ({ subjects }) => subjects.some(({ code }) => code === 'science fiction'),
  ],
  [{ subject: 'thema:robots' }, () => false],
  [
    { language: 'eng', year: '1950..1970', format: 'paperback' },
    (book) => book.language === 'eng' && between(book.year, 1950, 1970) && book.format === 'paperback',
  ],
  [{ inStock: true, price: '1200..1300' }, (book) => book.inStock && between(book.price?.amount, 1200, 1300)],
]

describe('a filter', () => {
  it.each(filters)('%j: gives what it says, in every order, alone and counted', async (query, means) => {
    const expected = ids(library.filter(means))
    for (const sort of ['popularity', 'newest', 'title', 'price', '-price']) {
      expect(ids(await allOf(shop, { ...query, sort, limit: 7 }))).toEqual(expected)
    }
    expect(await pageOf(shop, { ...query, total: true })).toMatchObject({
      total: expected.length,
      totalIsExact: true,
    })
  })

  it.each(filters)('%j: narrows a search', async (query, means) => {
    for (const q of ['the ', 'harry', 'o']) {
      const found = await allOf(shop, { q, limit: 100 })
      const both = await pageOf(shop, { ...query, q, limit: 100, total: true })
      if (both.correctedQuery !== null) continue
      expect(ids(both.items)).toEqual(ids(found.filter(means)))
      expect(both.total).toBe(both.items.length)
    }
  })

  it('by contributor, publisher and subject takes their ids, in either case', async () => {
    const hobbit = library.find(({ title }) => title === 'The Hobbit')
    const contributor = hobbit?.contributors[0]?.id ?? ''
    const publisher = hobbit?.publisher?.id ?? ''
    const byTolkien = ids(
      library.filter(({ contributors }) => contributors.some(({ id }) => id === contributor)),
    )
    const unwin = ids(library.filter((book) => book.publisher?.id === publisher))
    expect([byTolkien.length, unwin.length]).toEqual([5, 5])
    for (const text of [contributor, contributor.toUpperCase()]) {
      expect(ids(await allOf(shop, { contributor: text }))).toEqual(byTolkien)
    }
    expect(ids(await allOf(shop, { publisher }))).toEqual(unwin)
    const { facets } = await pageOf(shop, { facets: 'subject' })
    const robots = facets?.subject?.find(({ text }) => text === 'robots')
    expect(ids(await allOf(shop, { subject: robots?.value ?? '' }))).toEqual(
      ids(library.filter(({ subjects }) => subjects.some(({ code }) => code === 'robots'))),
    )
    const nobody = '018f0000-0000-7000-8000-000000000001'
    for (const name of ['contributor', 'publisher', 'subject']) {
      expect((await pageOf(shop, { [name]: nobody })).items).toEqual([])
    }
  })

  it('that nothing passes does not make the words misspelt', async () => {
    const page = await pageOf(shop, { q: 'tolkien', language: 'fre' })
    expect(page).toMatchObject({ items: [], correctedQuery: null })
  })

  it('follows a change of the book', async () => {
    const solaris = library.find(({ title }) => title === 'Solaris')
    if (!solaris) throw new Error('not in the library')
    const changed = await patchBook(shop, solaris, { year: 2031 - 1, format: 'audiobook', language: 'lat' })
    for (const query of [
      { year: '2030' },
      { format: 'audiobook' },
      { language: 'la' },
      { q: 'solaris', year: '2030' },
    ]) {
      expect(ids(await allOf(shop, query))).toEqual([solaris.id])
    }
    expect(await allOf(shop, { q: 'solaris', year: '1961' })).toEqual([])
    const { year, format, language } = solaris
    await patchBook(shop, changed, { year, format, language })
    expect(await readBook(shop, solaris.id)).toMatchObject({ year, format, language })
  })

  it.each<[Query, string, string]>([
    [{ year: 'x' }, 'year', 'validation_failed'],
    [{ year: '..' }, 'year', 'validation_failed'],
    [{ year: '2000..1990' }, 'year', 'filter_invalid'],
    [{ year: '1990...1999' }, 'year', 'validation_failed'],
    [{ year: '1990..1995..' }, 'year', 'validation_failed'],
    [{ year: '19900' }, 'year', 'validation_failed'],
    [{ year: '' }, 'year', 'validation_failed'],
    [{ price: '-1' }, 'price', 'validation_failed'],
    [{ price: '1.5' }, 'price', 'validation_failed'],
    [{ price: '10..9' }, 'price', 'filter_invalid'],
    [{ price: '9999999999' }, 'price', 'validation_failed'],
    [{ language: 'klingon' }, 'language', 'filter_invalid'],
    [{ language: 'x' }, 'language', 'validation_failed'],
    [{ subject: 'robots' }, 'subject', 'filter_invalid'],
    [{ subject: 'keyword:' }, 'subject', 'filter_invalid'],
    [{ subject: ':robots' }, 'subject', 'filter_invalid'],
    [{ contributor: 'tolkien' }, 'contributor', 'validation_failed'],
    [{ publisher: '1' }, 'publisher', 'validation_failed'],
    [{ format: 'scroll' }, 'format', 'validation_failed'],
    [{ inStock: 'yes' }, 'inStock', 'validation_failed'],
    [{ facets: 'colour' }, 'facets', 'validation_failed'],
    [{ facets: 'language,' }, 'facets', 'validation_failed'],
    [{ total: '1' }, 'total', 'validation_failed'],
    [{ colour: 'red' }, 'colour', 'validation_failed'],
  ])('that is wrong is named: %j', async (query, path, code) => {
    const answer = await askFor(shop, { q: 'the', ...query })
    expect(answer).toMatchObject({ status: 400, body: { code, errors: [{ path }] } })
  })
})

describe('facets', () => {
  /** Counted book by book: a value and its text, by how often. */
  function naive(books: Book[], values: (book: Book) => { value: string; text: string }[]) {
    const counts = new Map<string, { value: string; text: string; count: number }>()
    for (const book of books) {
      for (const { value, text } of values(book)) {
        counts.set(value, { value, text, count: (counts.get(value)?.count ?? 0) + 1 })
      }
    }
    return [...counts.values()]
  }

  const plain = (value: string | number | null) =>
    value === null ? [] : [{ value: String(value), text: String(value) }]
  const named = (names: ({ id: string; name: string } | null)[]) =>
    names.flatMap((name) => (name ? [{ value: name.id, text: name.name }] : []))

  it.each<Query>([
    {},
    { q: 'the ' },
    { language: 'eng' },
    { q: 'robots' },
    { inStock: true },
    { q: 'xqzzv' },
  ])('count what the query finds: %j', async (query) => {
    const names = 'language,format,year,publisher,subject,contributor'
    const books = await allOf(shop, { ...query, limit: 100 })
    const { facets = {} } = await pageOf(shop, { ...query, limit: 1, facets: names })
    const expected = {
      language: naive(books, ({ language }) => plain(language)),
      format: naive(books, ({ format }) => plain(format)),
      year: naive(books, ({ year }) => plain(year)),
      publisher: naive(books, ({ publisher }) => named([publisher])),
      contributor: naive(books, ({ contributors }) => named(contributors)),
    }
    for (const [name, counts] of Object.entries(expected)) {
      const given = facets[name] ?? []
      expect(given).toHaveLength(Math.min(counts.length, 30))
      expect(counts).toEqual(expect.arrayContaining(given))
      const descending = counts.map(({ count }) => count).sort((a, b) => b - a)
      expect(given.map(({ count }) => count)).toEqual(descending.slice(0, 30))
    }
    const subjects = naive(books, (book) => book.subjects.map(({ text }) => ({ value: text, text })))
    expect(Object.fromEntries((facets.subject ?? []).map(({ text, count }) => [text, count]))).toEqual(
      Object.fromEntries(subjects.map(({ text, count }) => [text, count])),
    )
    expect(facets).toMatchObject({ areExact: true, counted: books.length })
  })

  it('are those that are asked for, and their values are what the filters take', async () => {
    const { facets } = await pageOf(shop, { facets: 'year,language' })
    expect(Object.keys(facets ?? {}).sort()).toEqual(['areExact', 'counted', 'language', 'year'])
    for (const name of ['year', 'language']) {
      for (const { value, count } of facets?.[name] ?? []) {
        expect(await pageOf(shop, { [name]: value, total: true })).toMatchObject({ total: count })
      }
    }
    expect((await pageOf(shop, {})).facets).toBeUndefined()
  })

  it('count a book once for who is in it twice', async () => {
    const twice = [{ name: 'Tove Jansson' }, { name: 'Tove Jansson', role: 'illustrator' }]
    await addBook(shop, { title: 'Moominsummer', contributors: twice })
    const { facets } = await pageOf(shop, { q: 'moominsummer', facets: 'contributor' })
    expect(facets).toMatchObject({ contributor: [{ text: 'Tove Jansson', count: 1 }] })
  })
})
