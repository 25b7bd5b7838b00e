import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Book } from '../src/schemas.ts'
import { type CatalogHarness, startCatalog } from './harness.ts'
import { addBook, patchBook, readBook, removeBook } from './support/books.ts'

let shop: CatalogHarness
let book: Book

beforeAll(async () => {
  shop = await startCatalog()
  book = await addBook(shop, { title: 'The Hunger Games', isbn13: '9780439023481' })
})

afterAll(() => shop.stop())

const get = (reference: string, headers: Record<string, string> = {}) =>
  shop.send('GET', `/api/books/${encodeURIComponent(reference)}`, { headers })

describe('reading a book', () => {
  it.each([
    '9780439023481',
    '978-0-439-02348-1',
    '978 0 439 02348 1',
    '0439023483',
    '0-439-02348-3',
    'urn:isbn:9780439023481',
    'URN:ISBN:0-439-02348-3',
    'ISBN-13: 978-0-439-02348-1',
    '９７８０４３９０２３４８１',
  ])('by its ISBN, written %s', async (reference) => {
    expect(await get(reference)).toMatchObject({ status: 200, body: { id: book.id } })
  })

  it('by an ISBN-10 that ends in X, in either case', async () => {
    const { id } = await addBook(shop, { title: 'X', isbn13: '080442957X' })
    expect(await readBook(shop, '080442957x')).toMatchObject({
      id,
      isbn10: '080442957X',
      isbn13: '9780804429573',
    })
  })

  it('has no ISBN-10 where there is none: 979', async () => {
    const book = await addBook(shop, { title: '979', isbn13: '979-10-90636-07-1' })
    expect(book).toMatchObject({ isbn13: '9791090636071', isbn10: null })
  })

  it('by its id in either case', async () => {
    expect(await get(book.id)).toMatchObject({ status: 200, body: book })
    expect(await get(book.id.toUpperCase())).toMatchObject({ status: 200, body: book })
  })

  it('with no access token, with a good one, but not with a bad one', async () => {
    expect(await shop.send('GET', `/api/books/${book.id}`, { as: 'customer' })).toMatchObject({ status: 200 })
    expect(await get(book.id, { authorization: 'Bearer nonsense' })).toMatchObject({ status: 401 })
  })

  it.each([
    ['a wrong check digit', '9780439023482', 400, 'book_reference_invalid'],
    ['a digit too few', '978043902348', 400, 'book_reference_invalid'],
    ['nonsense', 'the-hunger-games', 400, 'book_reference_invalid'],
    ['an ISMN', '9790060115615', 400, 'book_reference_invalid'],
    ['something short', 'zzz', 400, 'book_reference_invalid'],
    ['something long', 'x'.repeat(61), 400, 'validation_failed'],
    ['a quote', "' or 1=1 --", 400, 'book_reference_invalid'],
    ['a NUL', 'hunger\0games', 400, 'validation_failed'],
    ['an unknown id', '018f0000-0000-7000-8000-000000000001', 404, 'book_not_found'],
    ['an ISBN nobody has', '9781861972712', 404, 'book_not_found'],
  ])('answers %s with a problem', async (_what, reference, status, code) => {
    const answer = await get(reference)
    expect(answer).toMatchObject({ status, body: { status, code, instance: expect.any(String) } })
    expect(answer.headers['content-type']).toMatch('application/problem+json')
  })

  it('says what a book is named by', async () => {
    expect((await get('zzz')).body.detail).toMatch('a book is named by its id or its ISBN')
  })
})

describe('the ETag of a book', () => {
  it('is its version, and saves reading it again', async () => {
    const first = await get(book.id)
    expect(first.headers.etag).toBe(`"${book.version}"`)
    for (const known of [`"${book.version}"`, `W/"${book.version}"`, `"0", "${book.version}"`, '*']) {
      const again = await get(book.id, { 'if-none-match': known })
      expect(again).toMatchObject({ status: 304, body: '' })
      expect(again.headers.etag).toBe(`"${book.version}"`)
    }
    expect(await get(book.id, { 'if-none-match': '"0"' })).toMatchObject({ status: 200 })
  })

  it('is new after a change', async () => {
    const made = await addBook(shop, { title: 'Before' })
    const patched = await patchBook(shop, made, { title: 'After' })
    const answer = await get(made.id, { 'if-none-match': `"${made.version}"` })
    expect(answer).toMatchObject({ status: 200, body: { title: 'After', version: patched.version } })
  })
})

describe('who may change the catalogue', () => {
  const writes = [
    ['POST', () => '/api/books', { title: 'x' }],
    ['PUT', () => `/api/books/${book.id}`, { title: 'x' }],
    ['PATCH', () => `/api/books/${book.id}`, { title: 'x' }],
    ['DELETE', () => `/api/books/${book.id}`, undefined],
  ] as const

  it.each(writes)('%s: nobody without a token, nor a customer', async (method, url, body) => {
    const headers = { 'if-match': `"${book.version}"` }
    const anonymous = await shop.send(method, url(), { body, headers })
    expect(anonymous).toMatchObject({ status: 401, body: { code: 'unauthenticated' } })
    const customer = await shop.send(method, url(), { body, headers, as: 'customer' })
    expect(customer).toMatchObject({ status: 403, body: { code: 'forbidden' } })
    expect(await readBook(shop, book.id)).toEqual(book)
  })

  it('staff and admin', async () => {
    for (const as of ['staff', 'admin'] as const) {
      expect(await shop.send('POST', '/api/books', { as, body: { title: `by ${as}` } })).toMatchObject({
        status: 201,
      })
    }
  })
})

describe('a deleted book', () => {
  it('is answered 410 by id and by ISBN, to reads and writes, and is in no list', async () => {
    const gone = await addBook(shop, { title: 'Gone with the wind', isbn13: '9781451635621' })
    await removeBook(shop, gone)
    for (const reference of [gone.id, '9781451635621', '1451635621']) {
      expect(await get(reference)).toMatchObject({ status: 410, body: { code: 'book_deleted' } })
    }
    for (const method of ['PUT', 'PATCH', 'DELETE'] as const) {
      const body = method === 'DELETE' ? undefined : { title: 'x' }
      const headers = { 'if-match': '*' }
      const answer = await shop.send(method, `/api/books/${gone.id}`, { as: 'staff', body, headers })
      expect(answer).toMatchObject({ status: 410, body: { code: 'book_deleted' } })
    }
    for (const query of ['q=gone', 'q=9781451635621', 'sort=title', 'q=gonne', 'total=true&q=wind']) {
      const { body } = await shop.send('GET', `/api/books?${query}`)
      expect(body.items.map(({ id }: Book) => id)).not.toContain(gone.id)
    }
  })
})
