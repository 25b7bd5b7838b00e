import { sql } from '@colophon/postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CatalogHarness, startCatalog } from './harness.ts'
import { addBook, type Body, historyOf, readBook, sourcesOf } from './support/books.ts'

let shop: CatalogHarness

beforeAll(async () => {
  shop = await startCatalog({ now: () => new Date('2026-05-01T10:00:00Z') })
})

afterAll(() => shop.stop())

const create = (body: Body) => shop.send('POST', '/api/books', { as: 'staff', body })
const uuid = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/)
const unknownId = '018f0000-0000-7000-8000-000000000001'
const staffId = '018f0000-0000-7000-8000-00000000000b'

async function countOf(table: 'books' | 'contributors' | 'publishers'): Promise<number> {
  const from = {
    books: sql`catalog.books`,
    contributors: sql`catalog.contributors`,
    publishers: sql`catalog.publishers`,
  }
  return (await shop.test.database.one<{ count: number }>(sql`select count(*) from ${from[table]}`)).count
}

describe('adding a book', () => {
  it('with nothing but a title', async () => {
    const { status, headers, body } = await create({ title: 'Untitled' })
    expect(status).toBe(201)
    expect(headers).toMatchObject({ location: `/api/books/${body.id}`, etag: '"1"' })
    expect(body).toEqual({
      id: uuid,
      isbn13: null,
      isbn10: null,
      title: 'Untitled',
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
      version: 1,
      updatedAt: '2026-05-01T10:00:00.000Z',
    })
    expect(await readBook(shop, body.id)).toEqual(body)
  })

  it('with every field', async () => {
    const written = {
      isbn13: '978-0-439-02348-1',
      title: 'The Hunger Games',
      subtitle: 'The First Book',
      contributors: [{ name: 'Suzanne Collins' }, { name: 'Carolyn McCormick', role: 'narrator' }],
      publisher: { name: 'Scholastic Press' },
      language: 'en',
      year: 2008,
      publishedOn: '2008-09-14',
      format: 'hardback',
      subjects: [
        { scheme: 'thema', code: 'YFG', text: 'Young adult: fantasy' },
        { scheme: 'keyword', code: 'dystopia' },
      ],
      description: 'Panem.\n\nTwelve districts.',
      pages: 374,
      price: { amount: 1799, currency: 'EUR' },
      coverUrl: 'https://example.com/cover.jpg?size=1',
      availability: 'available',
      inStock: true,
      popularity: 4_780_653,
    }
    const book = await addBook(shop, written)
    expect(book).toEqual({
      ...written,
      id: uuid,
      isbn13: '9780439023481',
      isbn10: '0439023483',
      contributors: [
        { id: uuid, name: 'Suzanne Collins', role: 'author' },
        { id: uuid, name: 'Carolyn McCormick', role: 'narrator' },
      ],
      publisher: { id: uuid, name: 'Scholastic Press' },
      language: 'eng',
      subjects: [written.subjects[0], { scheme: 'keyword', code: 'dystopia', text: 'dystopia' }],
      version: 1,
      updatedAt: '2026-05-01T10:00:00.000Z',
    })
    expect(await readBook(shop, book.id)).toEqual(book)
  })

  it('keeps who did it, and that staff speak for what they stated', async () => {
    const { id } = await addBook(shop, { title: 'Emma', year: 1815, price: { amount: 0, currency: 'EUR' } })
    expect(await historyOf(shop, id)).toEqual([
      { version: 1, actor: staffId, action: 'created', changes: {} },
    ])
    expect(await sourcesOf(shop, id)).toEqual({ staff: ['price', 'publication', 'title'] })
  })

  it.each<[string, Body, Body]>([
    [
      'a price of nothing',
      { price: { amount: 0, currency: 'EUR' } },
      { price: { amount: 0, currency: 'EUR' } },
    ],
    ['the highest price', { price: { amount: 2_147_483_646, currency: 'EUR' } }, {}],
    ['a year before Christ', { year: -750 }, { year: -750, publishedOn: null }],
    ['the year of a day', { publishedOn: '1999-12-31' }, { year: 1999, publishedOn: '1999-12-31' }],
    ['a year beside a day', { year: 1813, publishedOn: '1999-12-31' }, { year: 1813 }],
    ['the last day of all', { publishedOn: '2200-12-31' }, { year: 2200 }],
    ['a day of the first year', { publishedOn: '0001-01-01' }, { year: 1 }],
    ['the language de', { language: 'de' }, { language: 'ger' }],
    ['the language deu', { language: 'deu' }, { language: 'ger' }],
    ['the language ger', { language: 'ger' }, { language: 'ger' }],
    ['the language de-AT', { language: 'de-AT' }, { language: 'ger' }],
    [
      'as popular as can be',
      { popularity: Number.MAX_SAFE_INTEGER },
      { popularity: Number.MAX_SAFE_INTEGER },
    ],
    [
      'nulls for what is not there',
      { isbn13: null, publisher: null, price: null, year: null },
      { isbn13: null },
    ],
  ])('with %s', async (_what, written, read) => {
    const book = await addBook(shop, { title: 'A book', ...written })
    expect(book).toMatchObject({ ...written, ...read })
    expect(await readBook(shop, book.id)).toEqual(book)
  })

  it.each([
    ['emoji', '👩‍🚀🚀 in 80 🌍'],
    ['right to left', 'ألف ليلة وليلة \u200f(1001)'],
    ['Hebrew points', 'שִׁיר הַשִּׁירִים'],
    ['combining characters', 'Z̸̧̀ȧ̵l̴͎͝g̷o'],
    ['an apostrophe that is a letter', 'ʼOkina, qurʼ and ŉ'],
    ['quotes and backslashes', `"It's" \\ 'all' \\'; -- $1 %s {}`],
    ['signs alone', '?!&|:*'],
    ['a thousand characters', `${'x'.repeat(500)}${'日'.repeat(499)}.`],
    ['a thousand words of one letter', 'aé'.repeat(500).split('').join(' ').slice(0, 999).trim()],
  ])('called in %s, and finds it again by its title', async (_what, title) => {
    const book = await addBook(shop, {
      title,
      subtitle: title,
      contributors: [{ name: title.slice(0, 300).trim() }],
    })
    expect(book.title).toBe(title.normalize('NFC'))
    const { body } = await shop.send(
      'GET',
      `/api/books?q=${encodeURIComponent([...title].slice(0, 150).join(''))}`,
    )
    expect(body.items.map(({ id }: { id: string }) => id)).toContain(book.id)
  })

  it('composes decomposed letters and leaves single spaces', async () => {
    expect(await addBook(shop, { title: ' Cafe\u0301   Flore ' })).toMatchObject({ title: 'Café Flore' })
  })
})

describe('a book that cannot be right', () => {
  const credit = { name: 'Ana' }
  it.each<[string, Body, string, string]>([
    ['no title', { title: undefined }, 'validation_failed', '/title'],
    ['a blank title', { title: ' ' }, 'validation_failed', '/title'],
    ['a title too long', { title: 'x'.repeat(1001) }, 'validation_failed', '/title'],
    ['a field nobody knows', { titel: 'x' }, 'validation_failed', '/titel'],
    ['a year too far', { year: 2201 }, 'validation_failed', '/year'],
    ['half a year', { year: 1999.5 }, 'validation_failed', '/year'],
    ['a year as text', { year: '1999' }, 'validation_failed', '/year'],
    ['a day too far', { publishedOn: '2201-01-01' }, 'validation_failed', '/publishedOn'],
    ['a day that is none', { publishedOn: '2023-02-29' }, 'validation_failed', '/publishedOn'],
    ['the year 0', { publishedOn: '0000-01-01' }, 'validation_failed', '/publishedOn'],
    [
      'a price below nothing',
      { price: { amount: -1, currency: 'EUR' } },
      'validation_failed',
      '/price/amount',
    ],
    ['a price without a currency', { price: { amount: 1 } }, 'validation_failed', '/price/currency'],
    ['another currency', { price: { amount: 1, currency: 'USD' } }, 'book_invalid', '/price/currency'],
    ['a language that is none', { language: 'klingon' }, 'book_invalid', '/language'],
    ['a wrong check digit', { isbn13: '9780439023482' }, 'book_invalid', '/isbn13'],
    ['an ISBN that is none', { isbn13: 'unknown' }, 'book_invalid', '/isbn13'],
    ['a credit of nobody', { contributors: [{}] }, 'book_invalid', '/contributors/0'],
    [
      'a contributor nobody knows',
      { contributors: [credit, { id: unknownId }] },
      'book_invalid',
      '/contributors/1/id',
    ],
    ['the same credit twice', { contributors: [credit, { name: 'ana' }] }, 'book_invalid', '/contributors/1'],
    [
      'a role that is none',
      { contributors: [{ ...credit, role: 'cook' }] },
      'validation_failed',
      '/contributors/0/role',
    ],
    ['a publisher nobody knows', { publisher: { id: unknownId } }, 'book_invalid', '/publisher/id'],
    ['no publisher in a publisher', { publisher: {} }, 'book_invalid', '/publisher'],
    ['a cover from elsewhere', { coverUrl: 'ftp://example.com/x' }, 'validation_failed', '/coverUrl'],
    ['a cover of no host', { coverUrl: 'https://' }, 'validation_failed', '/coverUrl'],
    ['a cover of a query alone', { coverUrl: 'http://?q' }, 'validation_failed', '/coverUrl'],
    ['a script for a cover', { coverUrl: 'javascript:alert(1)' }, 'validation_failed', '/coverUrl'],
    ['a subject of no scheme', { subjects: [{ code: 'x' }] }, 'validation_failed', '/subjects/0/scheme'],
    ['a format that is none', { format: 'scroll' }, 'validation_failed', '/format'],
    ['no pages', { pages: 0 }, 'validation_failed', '/pages'],
  ])('%s: is refused, says where, and leaves nothing behind', async (_what, wrong, code, path) => {
    const before = [await countOf('books'), await countOf('contributors'), await countOf('publishers')]
    const answer = await create({ title: 'A book', publisher: { name: 'Nobody else' }, ...wrong })
    expect(answer).toMatchObject({ status: 400, body: { code, errors: [{ path }] } })
    expect([await countOf('books'), await countOf('contributors'), await countOf('publishers')]).toEqual(
      before,
    )
  })

  it('says all that is wrong at once', async () => {
    const { body } = await create({ title: 'A book', isbn13: '123', language: 'xx', contributors: [{}] })
    expect(body.errors.map(({ path }: { path: string }) => path)).toEqual([
      '/isbn13',
      '/contributors/0',
      '/language',
    ])
  })

  it.each(['nul\0character', 'half a pair \ud800'])('text that no database holds: %j', async (text) => {
    for (const wrong of [{ title: text }, { contributors: [{ name: text }] }, { description: text }]) {
      expect(await create({ title: 'A book', ...wrong })).toMatchObject({ status: 400 })
    }
  })
})
