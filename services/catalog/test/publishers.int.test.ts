import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Publisher } from '../src/publishers/schemas.ts'
import type { Book } from '../src/schemas.ts'
import { type CatalogHarness, startCatalog } from './harness.ts'
import { addBook, patchBook, readBook, removeBook } from './support/books.ts'

let shop: CatalogHarness

beforeAll(async () => {
  shop = await startCatalog()
})
afterAll(() => shop.stop())

type Body = Record<string, unknown>

const get = (path: string) => shop.send('GET', `/api/publishers${path}`)

const post = (body: Body) => shop.send('POST', '/api/publishers', { as: 'staff', body })

async function add(name: string): Promise<Publisher> {
  const answer = await post({ name })
  expect(answer).toMatchObject({ status: 201 })
  return answer.body
}

const ifMatch = ({ version }: { version: number }) => ({ 'if-match': `"${version}"` })

const put = (publisher: Publisher, body: Body) =>
  shop.send('PUT', `/api/publishers/${publisher.id}`, { as: 'staff', body, headers: ifMatch(publisher) })

const remove = (publisher: Publisher) =>
  shop.send('DELETE', `/api/publishers/${publisher.id}`, { as: 'staff', headers: ifMatch(publisher) })

const names = async (query: string) => (await get(query)).body.items.map(({ name }: Publisher) => name)

describe('adding a publisher', () => {
  it('answers with it, where it is, and its version', async () => {
    const answer = await post({ name: ' Scholastic  Press' })
    expect(answer).toMatchObject({
      status: 201,
      headers: { etag: '"1"', location: `/api/publishers/${answer.body.id}` },
      body: { name: 'Scholastic Press', version: 1 },
    })
    expect(await get(`/${answer.body.id}`)).toMatchObject({
      status: 200,
      headers: { etag: '"1"' },
      body: { ...answer.body, books: 0, booksIsExact: true },
    })
  })

  it('is refused when there is one of the name', async () => {
    const { id } = await add('Éditions Gallimard')
    expect(await post({ name: 'EDITIONS GALLIMARD.' })).toMatchObject({
      status: 409,
      body: { code: 'publisher_name_taken', publisherId: id },
    })
    expect(await post({ name: ' ' })).toMatchObject({ status: 400, body: { errors: [{ path: '/name' }] } })
  })

  it('is for staff, as is changing and removing one', async () => {
    const { id } = await add('Closed Shop')
    const sent = { as: 'customer', body: { name: 'X' }, headers: { 'if-match': '"1"' } } as const
    expect(await shop.send('POST', '/api/publishers', sent)).toMatchObject({ status: 403 })
    expect(await shop.send('PUT', `/api/publishers/${id}`, sent)).toMatchObject({ status: 403 })
    expect(await shop.send('DELETE', `/api/publishers/${id}`, { as: 'customer' })).toMatchObject({
      status: 403,
    })
  })
})

describe('the list of publishers', () => {
  it('is by name, narrowed by words, page by page', async () => {
    for (const name of ['Öko Verlag Leipzig', 'Zeta Verlag', 'apex Verlag']) await add(name)
    expect(await names('?q=verl')).toEqual(['apex Verlag', 'Öko Verlag Leipzig', 'Zeta Verlag'])
    expect(await names('?q=oko%20verlag')).toEqual(['Öko Verlag Leipzig'])
    const first = await get('?q=verlag&limit=2')
    expect(await names(`?q=verlag&limit=2&cursor=${first.body.nextCursor}`)).toEqual(['Zeta Verlag'])
    expect(await get(`?cursor=${first.body.nextCursor}`)).toMatchObject({ status: 400 })
  })
})

describe('the books of a publisher', () => {
  it('are counted and listed without deleted ones', async () => {
    const by = (title: string, year: number) =>
      addBook(shop, { title, year, publisher: { name: 'Three Books' } })
    await by('Older', 1950)
    await by('Newer', 2020)
    await removeBook(shop, await by('Gone', 2021))
    const [{ id }] = (await get('?q=three books')).body.items
    expect((await get(`/${id}`)).body).toMatchObject({ books: 2, booksIsExact: true })
    const titles = async (query: string) =>
      (await get(`/${id}/books${query}`)).body.items.map(({ title }: Book) => title)
    expect(await titles('')).toEqual(['Newer', 'Older'])
    const { nextCursor } = (await get(`/${id}/books?limit=1`)).body
    expect(await titles(`?limit=1&cursor=${nextCursor}`)).toEqual(['Older'])
  })
})

describe('renaming a publisher', () => {
  it('reaches the books: found by the new name, not by the old, with a new ETag', async () => {
    const book = await addBook(shop, { title: 'Untitled', publisher: { name: 'Oldhouse' } })
    const [publisher] = (await get('?q=oldhouse')).body.items
    expect(await put(publisher, { name: 'Newhouse' })).toMatchObject({
      status: 200,
      headers: { etag: '"2"' },
      body: { id: publisher.id, name: 'Newhouse', version: 2 },
    })
    await shop.catalog.settle()
    const found = async (q: string) =>
      (await shop.send('GET', `/api/books?q=${q}%20`)).body.items.map(({ id }: Book) => id)
    expect(await found('newhouse')).toEqual([book.id])
    expect(await found('oldhouse')).toEqual([])
    expect(await readBook(shop, book.id)).toMatchObject({
      version: 2,
      publisher: { id: publisher.id, name: 'Newhouse' },
    })
    const again = { ...publisher, version: 2 }
    expect(await put(again, (await get(`/${publisher.id}`)).body)).toMatchObject({ headers: { etag: '"2"' } })
  })

  it('is refused without the version that was read, or to the name of another', async () => {
    const one = await add('Sole House')
    const two = await add('Other House')
    expect(
      await shop.send('PUT', `/api/publishers/${one.id}`, { as: 'staff', body: { name: 'X' } }),
    ).toMatchObject({ status: 428 })
    expect(await put({ ...one, version: 9 }, { name: 'X' })).toMatchObject({ status: 412 })
    expect(await put(two, { name: 'sole house' })).toMatchObject({
      status: 409,
      body: { code: 'publisher_name_taken', publisherId: one.id },
    })
    const missing = { ...one, id: '018f0000-0000-7000-8000-000000000001' }
    for (const answer of [
      await put(missing, { name: 'X' }),
      await remove(missing),
      await get(`/${missing.id}`),
      await get(`/${missing.id}/books`),
    ]) {
      expect(answer).toMatchObject({ status: 404, body: { code: 'publisher_not_found' } })
    }
  })
})

describe('removing a publisher', () => {
  it('is refused while books are of it, and not for deleted ones', async () => {
    const book = await addBook(shop, { title: 'One', publisher: { name: 'Kept House' } })
    const [publisher] = (await get('?q=kept house')).body.items
    const refused = { status: 409, body: { code: 'publisher_in_use', books: 1 } }
    expect(await remove(publisher)).toMatchObject(refused)
    const freed = await patchBook(shop, book, { publisher: null })
    expect(await remove(publisher)).toMatchObject({ status: 204 })
    const again = await patchBook(shop, freed, { publisher: { name: 'Kept House' } })
    await removeBook(shop, again)
    const [remade] = (await get('?q=kept house')).body.items
    expect(await remove(remade)).toMatchObject({ status: 204 })
    expect(await get(`/${remade.id}`)).toMatchObject({ status: 404 })
  })
})
