import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Book } from '../src/schemas.ts'
import type { Subject } from '../src/subjects/schemas.ts'
import { type CatalogHarness, startCatalog } from './harness.ts'
import { addBook, readBook, removeBook } from './support/books.ts'

let shop: CatalogHarness

beforeAll(async () => {
  shop = await startCatalog()
  const subjects = [
    { scheme: 'thema', code: 'FMB', text: 'Epic fantasy' },
    { scheme: 'thema', code: 'FB', text: 'Fiction: general' },
    { scheme: 'bisac', code: 'FIC009020', text: 'FICTION / Fantasy / Epic' },
    { scheme: 'keyword', code: 'Élan vital', text: 'Élan vital' },
  ]
  await addBook(shop, { title: 'Older', year: 1954, subjects })
  await addBook(shop, { title: 'Newer', year: 1996, subjects: subjects.slice(0, 1) })
  await removeBook(shop, await addBook(shop, { title: 'Gone', year: 2001, subjects: subjects.slice(0, 1) }))
})
afterAll(() => shop.stop())

const get = (path: string) => shop.send('GET', `/api/subjects${path}`)

const put = ({ id, version }: Subject, body: Record<string, unknown>, as: 'staff' | 'customer' = 'staff') =>
  shop.send('PUT', `/api/subjects/${id}`, { as, body, headers: { 'if-match': `"${version}"` } })

const texts = async (query: string) => (await get(query)).body.items.map(({ text }: Subject) => text)

async function subject(code: string): Promise<Subject> {
  const { items } = (await get(`?q=${encodeURIComponent(code)}`)).body
  return items.find((item: Subject) => item.code === code)
}

describe('the list of subjects', () => {
  it('is by text, page by page', async () => {
    const all = ['Élan vital', 'Epic fantasy', 'FICTION / Fantasy / Epic', 'Fiction: general']
    expect(await texts('')).toEqual(all)
    const { items, nextCursor } = (await get('?limit=3')).body
    expect(items.map(({ text }: Subject) => text)).toEqual(all.slice(0, 3))
    expect(await texts(`?limit=3&cursor=${nextCursor}`)).toEqual(all.slice(3))
  })

  it.each([
    ['?q=fantasy', ['Epic fantasy', 'FICTION / Fantasy / Epic']],
    ['?q=epic%20fant&scheme=bisac', ['FICTION / Fantasy / Epic']],
    ['?q=fmb', ['Epic fantasy']],
    ['?q=FIC0090', ['FICTION / Fantasy / Epic']],
    ['?q=elan', ['Élan vital']],
    ['?scheme=thema', ['Epic fantasy', 'Fiction: general']],
    ['?scheme=dewey', []],
  ])('%s', async (query, found) => {
    expect(await texts(query)).toEqual(found)
  })
})

describe('a subject', () => {
  it('has its books counted and listed without deleted ones', async () => {
    const { id } = await subject('FMB')
    expect(await get(`/${id}`)).toMatchObject({
      status: 200,
      headers: { etag: '"1"' },
      body: {
        id,
        scheme: 'thema',
        code: 'FMB',
        text: 'Epic fantasy',
        books: 2,
        booksIsExact: true,
        version: 1,
      },
    })
    const titles = async (query: string) =>
      (await get(`/${id}/books${query}`)).body.items.map(({ title }: Book) => title)
    expect(await titles('')).toEqual(['Newer', 'Older'])
    expect(await titles('?sort=title')).toEqual(['Newer', 'Older'])
    const { nextCursor } = (await get(`/${id}/books?limit=1`)).body
    expect(await titles(`?limit=1&cursor=${nextCursor}`)).toEqual(['Older'])
  })

  it('nobody knows is not found', async () => {
    const missing = { id: '018f0000-0000-7000-8000-000000000001', version: 1 } as Subject
    for (const answer of [
      await get(`/${missing.id}`),
      await get(`/${missing.id}/books`),
      await put(missing, { text: 'X' }),
    ]) {
      expect(answer).toMatchObject({ status: 404, body: { code: 'subject_not_found' } })
    }
  })
})

describe('renaming a subject', () => {
  it('reaches the books: found by the new text, not by the old, with a new ETag', async () => {
    const book = await addBook(shop, {
      title: 'Untitled',
      subjects: [{ scheme: 'keyword', code: 'k1', text: 'Oldtopic' }],
    })
    const old = await subject('k1')
    expect(await put(old, { text: ' Newtopic ' })).toMatchObject({
      status: 200,
      headers: { etag: '"2"' },
      body: { ...old, text: 'Newtopic', version: 2 },
    })
    await shop.catalog.settle()
    const found = async (q: string) =>
      (await shop.send('GET', `/api/books?q=${q}%20`)).body.items.map(({ id }: Book) => id)
    expect(await found('newtopic')).toEqual([book.id])
    expect(await found('oldtopic')).toEqual([])
    expect(await readBook(shop, book.id)).toMatchObject({
      version: 2,
      subjects: [{ scheme: 'keyword', code: 'k1', text: 'Newtopic' }],
    })
    expect(await texts('?q=oldtopic')).toEqual([])
    expect(await texts('?q=newtopic')).toEqual(['Newtopic'])
    const asRead = (await get(`/${old.id}`)).body
    expect(await put({ ...old, version: 2 }, asRead)).toMatchObject({ status: 200, headers: { etag: '"2"' } })
  })

  it('needs staff, a text, and the version that was read', async () => {
    const fiction = await subject('FB')
    expect(await put(fiction, { text: 'X' }, 'customer')).toMatchObject({ status: 403 })
    expect(await put(fiction, { text: '' })).toMatchObject({ status: 400 })
    expect(await put({ ...fiction, version: 2 }, { text: 'X' })).toMatchObject({ status: 412 })
    const sent = { as: 'staff', body: { text: 'X' } } as const
    expect(await shop.send('PUT', `/api/subjects/${fiction.id}`, sent)).toMatchObject({ status: 428 })
    expect(await subject('FB')).toEqual(fiction)
  })
})
