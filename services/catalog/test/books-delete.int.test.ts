import { randomUUID } from 'node:crypto'
import { type Queryable, sql } from '@colophon/postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Book } from '../src/schemas.ts'
import { type Answer, type CatalogHarness, startCatalog } from './harness.ts'
import {
  addBook,
  type Body,
  change,
  historyOf,
  isbnFrom,
  patchBook,
  readBook,
  removeBook,
  sourcesOf,
} from './support/books.ts'

let shop: CatalogHarness
let made = 0
let book: Book

beforeAll(async () => {
  shop = await startCatalog()
})

afterAll(() => shop.stop())

beforeEach(async () => {
  book = await addBook(shop, {
    title: 'Pride and Prejudice',
    isbn13: isbnFrom(++made),
    contributors: [{ name: 'Jane Austen' }],
    pages: 476,
  })
})

const url = () => `/api/books/${book.id}`

const bringBack = ({ id }: Pick<Book, 'id'>, body: Body) =>
  shop.send('PUT', `/api/books/${id}`, { as: 'staff', body, headers: { 'if-none-match': '*' } })

describe('the ISBN of a book', () => {
  it('is free for another when it is taken from the first', async () => {
    const freed = await patchBook(shop, book, { isbn13: null })
    expect(freed).toMatchObject({ isbn13: null, isbn10: null })
    expect(await shop.send('GET', `/api/books/${book.isbn13}`)).toMatchObject({ status: 404 })
    const other = await addBook(shop, { title: 'Other', isbn13: book.isbn13 })
    expect(other.id).not.toBe(book.id)
    const answer = await change(shop, 'PATCH', freed, { isbn13: book.isbn13 })
    expect(answer).toMatchObject({ status: 409, body: { code: 'isbn_taken', bookId: other.id } })
  })

  it('can be corrected, and the book is found by the new one only', async () => {
    await patchBook(shop, book, { isbn13: isbnFrom(++made) })
    expect(await readBook(shop, isbnFrom(made))).toMatchObject({ id: book.id })
    expect(await shop.send('GET', `/api/books/${book.isbn13}`)).toMatchObject({ status: 404 })
  })

  it('goes to one of several books that ask for it at once', async () => {
    const others = await Promise.all(['A', 'B', 'C'].map((title) => addBook(shop, { title })))
    const isbn13 = isbnFrom(++made)
    const answers = await Promise.all(others.map((other) => change(shop, 'PATCH', other, { isbn13 })))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409])
  })
})

describe('a deleted book', () => {
  it('comes back with its id, its history and another version when its ISBN is added again', async () => {
    await removeBook(shop, book)
    const answer = await shop.send('POST', '/api/books', {
      as: 'admin',
      body: { title: 'Pride & Prejudice', isbn13: book.isbn10 },
    })
    expect(answer).toMatchObject({ status: 201, headers: { etag: '"3"', location: url() } })
    expect(answer.body).toMatchObject({
      id: book.id,
      version: 3,
      title: 'Pride & Prejudice',
      contributors: [],
    })
    expect(await readBook(shop, book.id)).toEqual(answer.body)
    const history = await historyOf(shop, book.id)
    expect(history.map(({ action }) => action)).toEqual(['created', 'deleted', 'restored'])
    expect(history[2]).toMatchObject({
      changes: { title: ['Pride and Prejudice', 'Pride & Prejudice'], pages: [476, null] },
    })
    const { body } = await shop.send('GET', `/api/books?q=${book.isbn13}`)
    expect(body.items).toEqual([answer.body])
  })

  it('keeps its stock and popularity when it comes back, unless the body says', async () => {
    const known = await patchBook(shop, book, { inStock: true, popularity: 42 })
    await shop.test.database.query(sql`
      update catalog.provenance set groups = array_remove(array_remove(groups, 'supply'), 'popularity')
      where book_id = ${book.id}`)
    await removeBook(shop, known)
    const restored = await addBook(shop, { title: 'Emma', isbn13: book.isbn13 })
    expect(restored).toMatchObject({ inStock: true, popularity: 42, availability: 'unknown' })
    const { staff } = await sourcesOf(shop, book.id)
    expect(staff).not.toContain('popularity')
    expect(staff).not.toContain('supply')
    await removeBook(shop, restored)
    const body = { title: 'Emma', isbn13: book.isbn13, inStock: false, popularity: 0 }
    expect(await addBook(shop, body)).toMatchObject({ inStock: false, popularity: 0 })
  })

  it('comes back by its id, which one without an ISBN needs', async () => {
    const bare = await addBook(shop, { title: 'No ISBN', popularity: 7, contributors: [{ name: 'Ann' }] })
    await removeBook(shop, bare)
    const body = { ...bare, title: 'Back again' }
    const answer = await bringBack(bare, body)
    expect(answer).toMatchObject({
      status: 201,
      headers: { etag: '"3"' },
      body: { id: bare.id, version: 3, title: 'Back again', popularity: 7, contributors: bare.contributors },
    })
    expect(await readBook(shop, bare.id)).toEqual(answer.body)
    const { body: page } = await shop.send('GET', '/api/books?q=back again')
    expect(page.items).toEqual([answer.body])
    const history = await historyOf(shop, bare.id)
    expect(history.map(({ action }) => action)).toEqual(['created', 'deleted', 'restored'])
    expect(history[2]?.changes).toEqual({ title: ['No ISBN', 'Back again'] })
    // There it is: the same again is refused, as RFC 9110 has it, and changes nothing.
    const again = await bringBack(bare, body)
    expect(again).toMatchObject({
      status: 412,
      headers: { etag: '"3"' },
      body: { code: 'precondition_failed', detail: expect.stringContaining('If-Match') },
    })
    expect(await readBook(shop, bare.id)).toEqual(answer.body)
  })

  it('comes back by its id once when several ask for it', async () => {
    await removeBook(shop, book)
    const answers = await Promise.all(['A', 'B', 'C'].map((title) => bringBack(book, { title })))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 412, 412])
    expect(await historyOf(shop, book.id)).toHaveLength(3)
    expect(await shop.send('GET', `/api/books/${book.isbn13}`)).toMatchObject({ status: 404 })
  })

  it('does not come back with the ISBN of another, and one nobody knows is not made', async () => {
    const other = await addBook(shop, { title: 'Other', isbn13: isbnFrom(++made) })
    await removeBook(shop, book)
    expect(await bringBack(book, { title: 'X', isbn13: other.isbn13 })).toMatchObject({
      status: 409,
      body: { code: 'isbn_taken', bookId: other.id },
    })
    expect(await shop.send('GET', url())).toMatchObject({ status: 410 })
    expect(await bringBack({ id: randomUUID() }, { title: 'X' })).toMatchObject({ status: 404 })
  })

  it('comes back once when two add its ISBN at once', async () => {
    await removeBook(shop, book)
    const body = { title: 'Again', isbn13: book.isbn13 }
    const answers = await Promise.all(
      [1, 2, 3].map(() => shop.send('POST', '/api/books', { as: 'staff', body })),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409])
    expect(await historyOf(shop, book.id)).toHaveLength(3)
  })

  it('keeps its ISBN from other books', async () => {
    await removeBook(shop, book)
    const other = await addBook(shop, { title: 'Other' })
    const answer = await change(shop, 'PATCH', other, { isbn13: book.isbn13 })
    expect(answer).toMatchObject({ status: 409, body: { code: 'isbn_taken', bookId: book.id } })
    expect(answer.body.detail).toContain('was deleted')
  })

  it('is deleted once when several do at once', async () => {
    const answers = await Promise.all(
      [1, 2, 3].map(() => shop.send('DELETE', url(), { as: 'staff', headers: { 'if-match': '*' } })),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 410, 410])
  })
})

describe('a change that PostgreSQL gives up to end a deadlock', () => {
  it('is made again', async () => {
    const contributors = [{ name: 'Deadlock A' }, { name: 'Deadlock B' }]
    let answer: Promise<Answer> | undefined
    await shop.test.database.transaction(async (tx) => {
      await insertContributor(tx, 'deadlock b')
      answer = change(shop, 'PATCH', book, { contributors })
      await waitForLock(shop)
      // Now each waits for the other: the change, which has waited longer, is given up.
      await insertContributor(tx, 'deadlock a')
    })
    expect(await answer).toMatchObject({ status: 200, body: { contributors: [{}, {}] } })
  })
})

async function insertContributor(tx: Queryable, key: string): Promise<void> {
  await tx.query(sql`
    insert into catalog.contributors (id, name, name_key, sort_name, words)
    values (${randomUUID()}, ${key}, ${key}, ${key}, '')`)
}

/** When some statement of this database waits for another transaction. */
async function waitForLock({ test: { database } }: CatalogHarness): Promise<void> {
  await expect
    .poll(() =>
      database.one<{ waiting: number }>(sql`
        select count(*) as waiting from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`),
    )
    .toEqual({ waiting: 1 })
}
