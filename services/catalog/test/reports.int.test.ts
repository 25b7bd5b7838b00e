import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AuthorFigures } from '../src/reports/schemas.ts'
import { type CatalogHarness, startCatalog } from './harness.ts'
import { addBook, removeBook } from './support/books.ts'

let shop: CatalogHarness

const by = (author: string, year: number | null, role = 'author') =>
  addBook(shop, { title: `${author} ${year}`, year, contributors: [{ name: author, role }] })

beforeAll(async () => {
  shop = await startCatalog()
  for (const year of [2000, 2000, 2001]) await by('Tri Third', year)
  await by('Old Roman', -19)
  await by('Old Roman', -18)
  for (const author of ['Ann Tie', 'Bea Tie', 'Cem Tie', 'Dan Tie']) await by(author, 1990)
  await by('No Year', null)
  await by('No Yearling', null)
  await by('Half Year', 1990)
  await by('Half Year', null)
  await by('Not Author', 1990, 'translator')
  await removeBook(shop, await by('Gone Author', 1990))
  await removeBook(shop, await by('Tri Third', 1900))
})
afterAll(() => shop.stop())

const report = (query: string) => shop.send('GET', `/api/reports/authors${query}`, { as: 'staff' })

/** All pages of the report, of so many each. */
async function walk(sort: string, limit: number): Promise<AuthorFigures[]> {
  const found: AuthorFigures[] = []
  for (let cursor = ''; ; ) {
    const { status, body } = await report(`?sort=${sort}&limit=${limit}${cursor && `&cursor=${cursor}`}`)
    expect(status).toBe(200)
    found.push(...body.items)
    if (body.nextCursor === null) return found
    cursor = body.nextCursor
  }
}

const names = (rows: AuthorFigures[]) => rows.map(({ name }) => name)

describe('the report of authors', () => {
  it('has books that are there and the mean of their years', async () => {
    const rows = await walk('name', 100)
    expect(rows.map(({ name, books, meanYear }) => [name, books, meanYear])).toEqual([
      ['Old Roman', 2, -18.5],
      ['Tri Third', 3, 2000.33],
      ['Ann Tie', 1, 1990],
      ['Bea Tie', 1, 1990],
      ['Cem Tie', 1, 1990],
      ['Dan Tie', 1, 1990],
      ['Half Year', 2, 1990],
      ['No Year', 1, null],
      ['No Yearling', 1, null],
    ])
  })

  it.each(['name', '-name', 'books', '-books', 'meanYear', '-meanYear'])(
    'by %s has everybody once, however long the pages, nobody skipped among equals',
    async (sort) => {
      const whole = await walk(sort, 100)
      expect(whole).toHaveLength(9)
      for (const limit of [1, 2, 3, 4]) expect(await walk(sort, limit)).toEqual(whole)
    },
  )

  it('is sorted as asked, those without a mean year last in both directions', async () => {
    expect(names(await walk('-name', 4))).toEqual(names(await walk('name', 100)).reverse())
    const books = (await walk('books', 2)).map((row) => row.books)
    expect(books).toEqual([1, 1, 1, 1, 1, 1, 2, 2, 3])
    expect((await walk('-books', 2)).map((row) => row.books)).toEqual(books.toReversed())
    expect((await report('')).body.items).toEqual(await walk('-books', 100))
    const years = (await walk('meanYear', 2)).map((row) => row.meanYear)
    expect(years).toEqual([-18.5, 1990, 1990, 1990, 1990, 1990, 2000.33, null, null])
    const down = (await walk('-meanYear', 2)).map((row) => row.meanYear)
    expect(down).toEqual([2000.33, 1990, 1990, 1990, 1990, 1990, -18.5, null, null])
  })

  it('refuses a cursor of another order, and an order it does not have', async () => {
    const { nextCursor } = (await report('?sort=books&limit=2')).body
    expect(await report(`?sort=-books&cursor=${nextCursor}`)).toMatchObject({
      status: 400,
      body: { code: 'invalid_cursor' },
    })
    expect(await report('?sort=year')).toMatchObject({ status: 400, body: { errors: [{ path: 'sort' }] } })
  })

  it('is for staff', async () => {
    expect(await shop.send('GET', '/api/reports/authors')).toMatchObject({ status: 401 })
    expect(await shop.send('GET', '/api/reports/authors', { as: 'customer' })).toMatchObject({ status: 403 })
  })
})
