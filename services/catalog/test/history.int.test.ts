import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Book } from '../src/schemas.ts'
import { type CatalogHarness, startCatalog } from './harness.ts'
import { addBook, change, patchBook, readBook, removeBook } from './support/books.ts'

let shop: CatalogHarness
let book: Book
let clock = Date.parse('2026-01-01T00:00:00Z')

beforeAll(async () => {
  shop = await startCatalog({ now: () => new Date(clock) })
  book = await addBook(shop, { title: 'First', isbn13: '9780439023481', contributors: [{ name: 'Ann Lee' }] })
  clock += 60_000
  book = await patchBook(shop, book, { title: 'Second', price: { amount: 999, currency: 'EUR' } })
  clock += 60_000
  book = (await change(shop, 'PUT', book, { title: 'Second', isbn13: '9780439023481' })).body
  clock += 60_000
  await removeBook(shop, book)
})
afterAll(() => shop.stop())

const history = (reference: string, query = '') =>
  shop.send('GET', `/api/books/${reference}/history${query}`, { as: 'staff' })

describe('the history of a book', () => {
  it('says who changed what and when, the newest first, of a deleted book too', async () => {
    const { status, body } = await history(book.id)
    expect(status).toBe(200)
    expect(body.nextCursor).toBeNull()
    const actor = '018f0000-0000-7000-8000-00000000000b'
    const credit = { id: expect.any(String), name: 'Ann Lee', role: 'author' }
    const price = { amount: 999, currency: 'EUR' }
    expect(body.items).toEqual([
      { version: 4, at: '2026-01-01T00:03:00.000Z', actor, action: 'deleted', changes: [] },
      {
        version: 3,
        at: '2026-01-01T00:02:00.000Z',
        actor,
        action: 'replaced',
        changes: expect.arrayContaining([
          { field: 'price', before: price, after: null },
          { field: 'contributors', before: [credit], after: [] },
        ]),
      },
      {
        version: 2,
        at: '2026-01-01T00:01:00.000Z',
        actor,
        action: 'patched',
        changes: expect.arrayContaining([
          { field: 'title', before: 'First', after: 'Second' },
          { field: 'price', before: null, after: price },
        ]),
      },
      { version: 1, at: '2026-01-01T00:00:00.000Z', actor, action: 'created', changes: [] },
    ])
    expect((await history('0-439-02348-3')).body).toEqual(body)
  })

  it('comes in pages, and a cursor is of one book', async () => {
    const versions: number[] = []
    let query = '?limit=3'
    for (;;) {
      const { body } = await history(book.id, query)
      versions.push(...body.items.map(({ version }: { version: number }) => version))
      if (body.nextCursor === null) break
      query = `?limit=3&cursor=${body.nextCursor}`
    }
    expect(versions).toEqual([4, 3, 2, 1])
    const other = await addBook(shop, { title: 'Other' })
    expect(await history(other.id, query)).toMatchObject({ status: 400, body: { code: 'invalid_cursor' } })
  })

  it('leaves out versions that followed a renamed contributor', async () => {
    const followed = await addBook(shop, { title: 'Followed', contributors: [{ name: 'Bo Lee' }] })
    const id = followed.contributors[0]?.id
    const headers = { 'if-match': '"1"' }
    await shop.send('PUT', `/api/contributors/${id}`, { as: 'staff', body: { name: 'Bo Li' }, headers })
    await shop.catalog.settle()
    expect((await readBook(shop, followed.id)).version).toBe(2)
    expect((await history(followed.id)).body.items).toMatchObject([{ version: 1, action: 'created' }])
  })

  it('is for staff', async () => {
    const path = `/api/books/${book.id}/history`
    expect(await shop.send('GET', path)).toMatchObject({ status: 401 })
    expect(await shop.send('GET', path, { as: 'customer' })).toMatchObject({ status: 403 })
    expect(await shop.send('GET', path, { as: 'admin' })).toMatchObject({ status: 200 })
  })

  it.each([
    ['018f0000-0000-7000-8000-000000000001', 404, 'book_not_found'],
    ['9781861972712', 404, 'book_not_found'],
    ['9781861972713', 400, 'book_reference_invalid'],
  ])('of %s is a problem', async (reference, status, code) => {
    expect(await history(reference)).toMatchObject({ status, body: { code } })
  })
})
