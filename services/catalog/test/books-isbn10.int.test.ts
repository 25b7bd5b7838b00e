import { sql } from '@colophon/postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Book } from '../src/schemas.ts'
import { type CatalogHarness, startCatalog } from './harness.ts'
import { addBook, type Body, change, patchBook, readBook } from './support/books.ts'

const [emma, emma10] = ['9780141439587', '0141439580'] as const
const [persuasion, persuasion10] = ['9780141439686', '0141439688'] as const
const french = '9791090648005'

let shop: CatalogHarness
let book: Book

beforeAll(async () => {
  shop = await startCatalog()
})
afterAll(() => shop.stop())

beforeEach(async () => {
  await shop.test.database.query(sql`delete from catalog.books`)
  book = await addBook(shop, { title: 'Emma', isbn13: emma })
})

const create = (body: Body) => shop.send('POST', '/api/books', { as: 'staff', body })

describe('a new book', () => {
  it.each<[string, Body]>([
    ['alone', { isbn10: persuasion10 }],
    ['with hyphens', { isbn10: '0-14-143968-8' }],
    ['beside no ISBN-13', { isbn13: null, isbn10: persuasion10 }],
    ['beside the same as ISBN-13', { isbn13: persuasion, isbn10: persuasion10 }],
  ])('has the ISBN of its isbn10 %s', async (_what, body) => {
    const made = await addBook(shop, { title: 'Persuasion', ...body })
    expect(made).toMatchObject({ isbn13: persuasion, isbn10: persuasion10 })
    expect((await readBook(shop, persuasion)).id).toBe(made.id)
  })

  it('whose isbn10 another book has is refused', async () => {
    expect(await create({ title: 'Emma', isbn10: emma10 })).toMatchObject({
      status: 409,
      body: { code: 'isbn_taken', bookId: book.id },
    })
  })

  it.each<[string, Body, string, RegExp]>([
    ['that is not the ISBN-13', { isbn13: persuasion, isbn10: emma10 }, 'isbn_mismatch', /0141439688/],
    ['where there can be none', { isbn13: french, isbn10: emma10 }, 'isbn_mismatch', /no ISBN-10/],
    ['with a wrong check digit', { isbn10: '0141439689' }, 'isbn_check_digit', /8/],
    ['that is none', { isbn10: 'unknown' }, 'isbn_characters', /contain/],
  ])('is refused with an isbn10 %s', async (_what, body, code, message) => {
    const answer = await create({ title: 'Persuasion', ...body })
    expect(answer).toMatchObject({
      status: 400,
      body: {
        code: 'book_invalid',
        errors: [{ path: '/isbn10', code, message: expect.stringMatching(message) }],
      },
    })
  })
})

describe('a book as read', () => {
  it('can be sent back with another title', async () => {
    const answer = await change(shop, 'PUT', book, { ...book, title: 'Emma Woodhouse' })
    expect(answer).toMatchObject({ status: 200, body: { title: 'Emma Woodhouse', isbn13: emma } })
  })

  it('of an ISBN that has no ten digits can be sent back too', async () => {
    const other = await addBook(shop, { title: 'Emma', isbn13: french })
    expect(other.isbn10).toBeNull()
    expect(await change(shop, 'PUT', other, { ...other, title: 'Emma !' })).toMatchObject({
      status: 200,
      body: { isbn13: french },
    })
  })

  it('and sent back with another ISBN-13 alone is refused, saying what goes with it', async () => {
    const answer = await change(shop, 'PUT', book, { ...book, isbn13: persuasion })
    expect(answer).toMatchObject({
      status: 400,
      body: { errors: [{ path: '/isbn10', message: expect.stringContaining(persuasion10) }] },
    })
    const { isbn10: _, ...rest } = book
    expect(await change(shop, 'PUT', book, { ...rest, isbn13: persuasion })).toMatchObject({ status: 200 })
  })
})

describe('a patch', () => {
  it('of the ISBN-10 alone changes the ISBN, and of the ISBN-13 alone as well', async () => {
    const changed = await patchBook(shop, book, { isbn10: persuasion10 })
    expect(changed).toMatchObject({ isbn13: persuasion, isbn10: persuasion10 })
    expect(await patchBook(shop, changed, { isbn13: emma })).toMatchObject({ isbn13: emma, isbn10: emma10 })
  })

  it('gives an ISBN to a book that had none', async () => {
    const bare = await addBook(shop, { title: 'Persuasion' })
    expect(await patchBook(shop, bare, { isbn10: persuasion10 })).toMatchObject({ isbn13: persuasion })
  })

  it.each<[string, Body]>([
    ['isbn13', { isbn13: null }],
    ['both', { isbn13: null, isbn10: null }],
  ])('takes the ISBN away by null for %s', async (_what, patch) => {
    expect(await patchBook(shop, book, patch)).toMatchObject({ isbn13: null, isbn10: null })
  })

  it('of null for the ISBN-10 alone is refused, since the ISBN-13 has one', async () => {
    expect(await change(shop, 'PATCH', book, { isbn10: null })).toMatchObject({
      status: 400,
      body: {
        code: 'book_invalid',
        errors: [{ path: '/isbn10', message: expect.stringContaining('set isbn13 to null') }],
      },
    })
    expect(await readBook(shop, book.id)).toEqual(book)
    const bare = await addBook(shop, { title: 'None' })
    expect(await patchBook(shop, bare, { isbn10: null })).toEqual(bare)
  })
})
