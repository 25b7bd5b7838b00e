import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Contributor } from '../src/contributors/schemas.ts'
import { type Answer, type CatalogHarness, startCatalog } from './harness.ts'
import { addBook, removeBook } from './support/books.ts'

let shop: CatalogHarness

beforeAll(async () => {
  shop = await startCatalog()
})
afterAll(() => shop.stop())

type Body = Record<string, unknown>

const get = (path: string) => shop.send('GET', `/api/contributors${path}`)

async function add(body: Body): Promise<void> {
  expect(await shop.send('POST', '/api/contributors', { as: 'staff', body })).toMatchObject({ status: 201 })
}

const namesOf = ({ body }: Answer) => body.items.map(({ name }: Contributor) => name)

/** What all pages of a list have of each item. */
async function walk(path: string, field: 'name' | 'title' | 'id' = 'name'): Promise<string[]> {
  const found: string[] = []
  for (let cursor = ''; ; ) {
    const { status, body } = await get(`${path}${cursor && `&cursor=${cursor}`}`)
    expect(status).toBe(200)
    found.push(...body.items.map((item: Record<string, string>) => item[field]))
    if (body.nextCursor === null) return found
    cursor = body.nextCursor
  }
}

describe('the list of contributors', () => {
  let marked: string[]

  beforeAll(async () => {
    const people = ['Zoë Listed', 'Ana Listed', 'Ánima Listed', 'Émile Listed', 'bob Listed', 'Ørn Listed']
    for (const name of people) await add({ name, sortName: name })
    marked = ['Ana Listed', 'Ánima Listed', 'bob Listed', 'Émile Listed', 'Ørn Listed', 'Zoë Listed']
    await add({ name: 'J. K. Rowling' })
    await add({ name: "Flann O'Brien" })
  })

  it('is in the order of a dictionary, page by page', async () => {
    expect(await walk('?q=listed&limit=100')).toEqual(marked)
    expect(await walk('?q=listed&limit=1')).toEqual(marked)
    expect(await walk('?q=listed&limit=4')).toEqual(marked)
    const everybody = await walk('?limit=3')
    expect(everybody.filter((name) => name.endsWith('Listed'))).toEqual(marked)
    const ids = await walk('?limit=3', 'id')
    expect(new Set(ids).size).toBe(everybody.length)
  })

  it.each([
    ['jk rowling', ['J. K. Rowling']],
    ['ROWL', ['J. K. Rowling']],
    ['obrien', ["Flann O'Brien"]],
    ['listed emi', ['Émile Listed']],
    ['emi listed', []],
    ['?', []],
  ])('finds %s', async (q, names) => {
    expect(namesOf(await get(`?q=${encodeURIComponent(q)}`))).toEqual(names)
  })

  it('refuses a cursor of another list', async () => {
    const { body } = await get('?q=listed&limit=2')
    for (const path of [
      `?cursor=${body.nextCursor}`,
      `?q=liste&cursor=${body.nextCursor}`,
      '?cursor=nonsense',
    ]) {
      expect(await get(path)).toMatchObject({ status: 400, body: { code: 'invalid_cursor' } })
    }
    expect(await get(`?q=listed&limit=3&cursor=${body.nextCursor}`)).toMatchObject({ status: 200 })
  })

  it('keeps to those in a role on a book that is there', async () => {
    await addBook(shop, {
      title: 'Roles',
      contributors: [
        { name: 'Rolf Author' },
        { name: 'Rolf Translator', role: 'translator' },
        { name: 'Rolf Both' },
        { name: 'Rolf Both', role: 'translator' },
      ],
    })
    const gone = await addBook(shop, {
      title: 'Gone',
      contributors: [{ name: 'Rolf Gone' }, { name: 'Rolf Gone', role: 'translator' }],
    })
    await removeBook(shop, gone)
    await add({ name: 'Rolf Unread' })
    expect(await walk('?role=author&q=rolf&limit=1')).toEqual(['Rolf Author', 'Rolf Both'])
    expect(await walk('?role=translator&q=rolf')).toEqual(['Rolf Both', 'Rolf Translator'])
    expect(await walk('?role=translator&limit=1')).toEqual(['Rolf Both', 'Rolf Translator'])
    expect(await walk('?role=narrator')).toEqual([])
    expect(await walk('?role=author&limit=2')).toEqual(['Rolf Author', 'Rolf Both'])
    expect(await get('?role=reader')).toMatchObject({ status: 400, body: { errors: [{ path: 'role' }] } })
  })
})

describe('the books of a contributor', () => {
  it('come newest first, by title or by popularity, in a role, without deleted ones', async () => {
    const by = (title: string, more: Body = {}) =>
      addBook(shop, { title, contributors: [{ name: 'Vita Verso' }], ...more })
    await by('The Beta', { year: 2001, popularity: 5 })
    await by('Alpha', { year: 1999, popularity: 9 })
    await by('Gamma', { popularity: 7 })
    await removeBook(shop, await by('Delta', { year: 2020 }))
    await by('Translated', { year: 1990, contributors: [{ name: 'Vita Verso', role: 'translator' }] })
    const [{ id }] = (await get('?q=vita verso')).body.items
    const titles = (query: string) => walk(`/${id}/books?limit=2${query}`, 'title')
    expect(await titles('')).toEqual(['The Beta', 'Alpha', 'Translated', 'Gamma'])
    expect(await titles('&sort=newest')).toEqual(['The Beta', 'Alpha', 'Translated', 'Gamma'])
    expect(await titles('&sort=title')).toEqual(['Alpha', 'The Beta', 'Gamma', 'Translated'])
    expect(await titles('&sort=popularity&role=author')).toEqual(['Alpha', 'Gamma', 'The Beta'])
    expect(await titles('&role=translator')).toEqual(['Translated'])
    expect((await get(`/${id}`)).body.roles).toEqual([
      { role: 'author', books: 3 },
      { role: 'translator', books: 1 },
    ])
    // The counts moved on without a new version of the contributor: no 304 may hide that.
    const headers = { 'if-none-match': '"1"' }
    expect(await shop.send('GET', `/api/contributors/${id}`, { headers })).toMatchObject({ status: 200 })
    const { body } = await get(`/${id}/books?limit=2`)
    const [other] = (await get('?q=rolf author')).body.items
    for (const path of [`/${other.id}/books`, `/${id}/books?sort=title`, `/${id}/books?role=author`]) {
      const answer = await get(`${path}${path.includes('?') ? '&' : '?'}cursor=${body.nextCursor}`)
      expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_cursor' } })
    }
    expect(await get(`/${id}/books?sort=price`)).toMatchObject({ status: 400 })
  })
})

it('a name is found by the words that its books are found by, whoever wrote it down', async () => {
  const sartre = { title: 'Nausea', contributors: [{ name: 'Jean-Paul Sartre' }] }
  const { id } = await addBook(shop, sartre)
  const books = (await shop.send('GET', '/api/books?q=jeanpaul')).body.items
  expect(books.map((book: { id: string }) => book.id)).toEqual([id])
  const [found] = (await get('?q=jeanpaul')).body.items
  expect(found).toMatchObject({ name: 'Jean-Paul Sartre' })
  await add({ name: 'Marie-Claire Staff' })
  expect(namesOf(await get('?q=marieclaire'))).toEqual(['Marie-Claire Staff'])
  const renamed = await shop.send('PUT', `/api/contributors/${found.id}`, {
    as: 'staff',
    body: { name: 'Anne-Marie Sartre' },
    headers: { 'if-match': '"1"' },
  })
  expect(renamed.status).toBe(200)
  expect(namesOf(await get('?q=annemarie'))).toEqual(['Anne-Marie Sartre'])
  expect(namesOf(await get('?q=jeanpaul'))).toEqual([])
})
