import { sql } from '@colophon/postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Book } from '../src/schemas.ts'
import { type CatalogHarness, startCatalog } from './harness.ts'
import {
  addBook,
  change,
  historyOf,
  isbnFrom,
  patchBook,
  readBook,
  removeBook,
  sourcesOf,
} from './support/books.ts'

let shop: CatalogHarness
let now = new Date('2026-05-01T10:00:00Z')
let made = 0
let book: Book

beforeAll(async () => {
  shop = await startCatalog({ now: () => now })
})

afterAll(() => shop.stop())

const full = () => ({
  isbn13: isbnFrom(++made),
  title: 'Pride and Prejudice',
  subtitle: 'A Novel',
  contributors: [{ name: 'Jane Austen' }, { name: 'Hugh Thomson', role: 'illustrator' }],
  publisher: { name: 'George Allen' },
  language: 'eng',
  year: 1813,
  publishedOn: '1894-10-01',
  format: 'hardback',
  subjects: [{ scheme: 'thema', code: 'FBC', text: 'Classic fiction' }],
  description: 'It is a truth universally acknowledged.',
  pages: 476,
  price: { amount: 2500, currency: 'EUR' },
  coverUrl: 'https://example.com/peacock.jpg',
  availability: 'available',
  inStock: true,
  popularity: 42,
})

beforeEach(async () => {
  now = new Date('2026-05-01T10:00:00Z')
  book = await addBook(shop, full())
  now = new Date('2026-05-02T10:00:00Z')
})

const staffId = '018f0000-0000-7000-8000-00000000000b'
const later = '2026-05-02T10:00:00.000Z'
const url = () => `/api/books/${book.id}`

describe('a change', () => {
  it.each(['PUT', 'PATCH', 'DELETE'] as const)('%s: needs to know what it changes', async (method) => {
    const body = method === 'DELETE' ? undefined : { title: 'Emma' }
    const blind = await shop.send(method, url(), { as: 'staff', body })
    expect(blind).toMatchObject({ status: 428, body: { code: 'precondition_required' } })
    const stale = await shop.send(method, url(), { as: 'staff', body, headers: { 'if-match': '"0"' } })
    expect(stale).toMatchObject({
      status: 412,
      body: { code: 'precondition_failed' },
      headers: { etag: '"1"' },
    })
    expect(await readBook(shop, book.id)).toEqual(book)
  })

  it.each(['"1"', 'W/"1"', '"0", "1"', '*'])('goes through with If-Match: %s', async (tag) => {
    const headers = { 'if-match': tag }
    const answer = await shop.send('PATCH', url(), { as: 'staff', body: { title: 'Emma' }, headers })
    expect(answer).toMatchObject({
      status: 200,
      headers: { etag: '"2"' },
      body: { title: 'Emma', version: 2 },
    })
  })

  it('goes through by ISBN too', async () => {
    const answer = await change(shop, 'PATCH', { id: book.isbn10 ?? '', version: 1 }, { title: 'Emma' })
    expect(answer).toMatchObject({ status: 200, body: { id: book.id, version: 2 } })
  })

  it.each(['PUT', 'PATCH'] as const)(
    '%s that changes nothing leaves version, time and history',
    async (method) => {
      for (const same of [book, { ...full(), isbn13: book.isbn13 }]) {
        const answer = await change(shop, method, book, same)
        expect(answer).toMatchObject({ status: 200, body: book, headers: { etag: '"1"' } })
      }
      expect(await historyOf(shop, book.id)).toHaveLength(1)
    },
  )

  it('is one of two, when two who saw the same make one at once', async () => {
    const titles = ['Emma', 'Persuasion', 'Sanditon', 'Lady Susan']
    const answers = await Promise.all(titles.map((title) => change(shop, 'PATCH', book, { title })))
    const won = answers.filter(({ status }) => status === 200)
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412])
    expect(await readBook(shop, book.id)).toEqual(won[0]?.body)
    expect(await historyOf(shop, book.id)).toHaveLength(2)
  })

  it('keeps who did what, and that staff speak for it', async () => {
    const patched = await patchBook(shop, book, { title: 'Emma', pages: null })
    expect(patched.updatedAt).toBe(later)
    const replaced = await change(shop, 'PUT', patched, {
      ...patched,
      price: { amount: 2600, currency: 'EUR' },
    })
    await removeBook(shop, replaced.body)
    expect(await historyOf(shop, book.id)).toEqual([
      { version: 1, actor: staffId, action: 'created', changes: {} },
      {
        version: 2,
        actor: staffId,
        action: 'patched',
        changes: { title: ['Pride and Prejudice', 'Emma'], pages: [476, null] },
      },
      {
        version: 3,
        actor: staffId,
        action: 'replaced',
        changes: { price: [book.price, { amount: 2600, currency: 'EUR' }] },
      },
      { version: 4, actor: staffId, action: 'deleted', changes: {} },
    ])
    expect((await sourcesOf(shop, book.id)).staff).toEqual(
      expect.arrayContaining(['price', 'publication', 'title']),
    )
  })
})

describe('who speaks for a book', () => {
  it('is staff for all that they have ever written', async () => {
    const bare = await addBook(shop, { title: 'Bare' })
    const priced = await patchBook(shop, bare, { price: { amount: 1, currency: 'EUR' } })
    await patchBook(shop, priced, { inStock: true })
    expect(await sourcesOf(shop, bare.id)).toEqual({ staff: ['price', 'supply', 'title'] })
  })

  it('is staff and no longer the feed for what they change', async () => {
    await shop.test.database.query(sql`
      update catalog.provenance set source = 'feed', record_id = '1' where book_id = ${book.id}`)
    const { feed = [] } = await sourcesOf(shop, book.id)
    await patchBook(shop, book, { title: 'Emma', year: 1815 })
    expect(await sourcesOf(shop, book.id)).toEqual({
      feed: feed.filter((group) => group !== 'title' && group !== 'publication'),
      staff: ['publication', 'title'],
    })
  })
})

describe('PATCH', () => {
  it('changes what it names and leaves the rest', async () => {
    expect(await patchBook(shop, book, { language: 'fr', inStock: false })).toEqual({
      ...book,
      language: 'fre',
      inStock: false,
      version: 2,
      updatedAt: later,
    })
  })

  it.each([
    ...[
      'subtitle',
      'publisher',
      'language',
      'format',
      'description',
      'pages',
      'price',
      'coverUrl',
      'publishedOn',
    ],
  ])('empties %s by null', async (field) => {
    expect(await patchBook(shop, book, { [field]: null })).toEqual({
      ...book,
      [field]: null,
      version: 2,
      updatedAt: later,
    })
  })

  it('replaces a list whole', async () => {
    const [author] = book.contributors
    const one = await patchBook(shop, book, {
      contributors: [{ name: 'Ana' }, { id: author?.id, role: 'editor' }],
    })
    expect(one.contributors.map(({ name, role }) => [name, role])).toEqual([
      ['Ana', 'author'],
      ['Jane Austen', 'editor'],
    ])
    expect(await patchBook(shop, one, { contributors: [], subjects: [] })).toMatchObject({
      contributors: [],
      subjects: [],
    })
  })

  it('changes one member of a price', async () => {
    expect(await patchBook(shop, book, { price: { amount: 1 } })).toMatchObject({
      price: { amount: 1, currency: 'EUR' },
    })
  })

  it('names another publisher by name or by id', async () => {
    const named = await patchBook(shop, book, { publisher: { name: 'Penguin Classics' } })
    expect(named.publisher).toEqual({ id: expect.any(String), name: 'Penguin Classics' })
    expect(named.publisher?.id).not.toBe(book.publisher?.id)
    const back = await patchBook(shop, named, { publisher: { id: book.publisher?.id } })
    expect(back.publisher).toEqual(book.publisher)
  })

  it.each([
    ['half a price where there was none', { price: { amount: 5 } }, '/price/currency'],
    ['no publisher where there was none', { publisher: {} }, '/publisher'],
    ['another currency', { price: { currency: 'USD', amount: 5 } }, '/price/currency'],
    ['a wrong check digit', { isbn13: '9780439023482' }, '/isbn13'],
  ])('refuses %s and writes nothing', async (_what, patch, path) => {
    const bare = await patchBook(shop, book, { price: null, publisher: null })
    const answer = await change(shop, 'PATCH', bare, { title: 'Emma', ...patch })
    expect(answer).toMatchObject({ status: 400, body: { code: 'book_invalid', errors: [{ path }] } })
    expect(await readBook(shop, book.id)).toEqual(bare)
  })

  it('names whatever else keeps the book from being valid', async () => {
    const bare = await patchBook(shop, book, { price: null })
    // As only another program could have written it.
    await shop.test.database.query(sql`update catalog.books set pages = 200000 where id = ${book.id}`)
    const answer = await change(shop, 'PATCH', bare, { title: 'Emma', price: { amount: 5 } })
    expect(answer).toMatchObject({ status: 400, body: { code: 'book_invalid' } })
    const errors: { path: string; code: string }[] = answer.body.errors
    expect(errors.map(({ path, code }) => [path, code]).sort()).toEqual([
      ['/pages', 'too_large'],
      ['/price/currency', 'required'],
    ])
  })

  it.each([
    ['no title', { title: null }],
    ['a list that is none', { contributors: { 0: { name: 'x' } } }],
    ['a prototype', JSON.parse('{"__proto__": {"title": "x"}}')],
    ['no object', []],
  ])('refuses a patch of %s', async (_what, patch) => {
    const answer = await change(shop, 'PATCH', book, patch)
    expect(answer).toMatchObject({ status: 400, body: { code: 'validation_failed' } })
    expect(await readBook(shop, book.id)).toEqual(book)
  })

  it('changes nothing by an empty patch, which is a valid one', async () => {
    const answer = await change(shop, 'PATCH', book, {})
    expect(answer).toMatchObject({ status: 200, body: book, headers: { etag: `"${book.version}"` } })
    expect(await readBook(shop, book.id)).toEqual(book)
    expect(await historyOf(shop, book.id)).toHaveLength(1)
  })

  it('is read as a merge patch under its own media type', async () => {
    const headers = { 'if-match': '"1"', 'content-type': 'application/merge-patch+json' }
    const answer = await shop.send('PATCH', url(), { as: 'staff', body: { title: 'Emma' }, headers })
    expect(answer).toMatchObject({ status: 200, body: { title: 'Emma' } })
  })
})

describe('a year that is the one of the day', () => {
  it('follows another day, and one that was given on its own stays', async () => {
    const reprint = await patchBook(shop, book, { publishedOn: '1907-01-01' })
    expect(reprint).toMatchObject({ publishedOn: '1907-01-01', year: 1813 })
    const fresh = await addBook(shop, { title: 'New', publishedOn: '2026-03-01' })
    const moved = await patchBook(shop, fresh, { publishedOn: '2027-03-01' })
    expect(moved).toMatchObject({ publishedOn: '2027-03-01', year: 2027 })
    const said = await patchBook(shop, moved, { publishedOn: '2028-03-01', year: 2001 })
    expect(said).toMatchObject({ year: 2001 })
    const stays = await patchBook(shop, said, { publishedOn: '2029-03-01' })
    expect(stays).toMatchObject({ publishedOn: '2029-03-01', year: 2001 })
    const [one] = (await shop.send('GET', '/api/books?year=2001')).body.items
    expect(one).toMatchObject({ id: fresh.id })
  })

  it('is what is left when the day is taken away', async () => {
    const fresh = await addBook(shop, { title: 'New', publishedOn: '2026-03-01' })
    expect(await patchBook(shop, fresh, { publishedOn: null })).toMatchObject({ year: 2026 })
  })
})

describe('PUT', () => {
  it('empties what it leaves out, but not what other parts feed', async () => {
    const answer = await change(shop, 'PUT', book, { title: 'Emma' })
    expect(answer).toMatchObject({
      status: 200,
      body: {
        title: 'Emma',
        isbn13: null,
        contributors: [],
        price: null,
        availability: 'unknown',
        version: 2,
      },
    })
    expect(answer.body).toMatchObject({ inStock: true, popularity: 42, publisher: null, year: null })
  })

  it('ignores what follows from other fields, so that a book as read can be sent back', async () => {
    const sent = {
      ...book,
      id: '018f0000-0000-7000-8000-000000000001',
      version: 99,
      title: 'Emma',
    }
    const answer = await change(shop, 'PUT', book, sent)
    expect(answer).toMatchObject({
      status: 200,
      body: { ...book, title: 'Emma', version: 2, updatedAt: later },
    })
  })
})
