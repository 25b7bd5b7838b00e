import { sql } from '@colophon/postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type CatalogHarness, startCatalog } from './harness.ts'
import { importText, isbns } from './import-harness.ts'

const [isbn = ''] = isbns(1)

let shop: CatalogHarness

beforeAll(async () => {
  shop = await startCatalog()
})
afterAll(() => shop.stop())
beforeEach(() => shop.test.database.query(sql`truncate catalog.books cascade`))

/** Imports one row about the book: the columns it has, and what stands there. */
async function says(source: string, row: Readonly<Record<string, string>>): Promise<void> {
  const whole = { isbn, title: 'Emma', ...row }
  const text = `${Object.keys(whole).join(',')}\n${Object.values(whole).join(',')}\n`
  const { report } = await importText(shop.catalog.deps, text, { source })
  expect(report.counts).toMatchObject({ read: 1, refused: 0 })
}

async function book() {
  return (await shop.send('GET', `/api/books/${isbn}`)).body
}

describe('an empty cell', () => {
  test('empties what the same source said before', async () => {
    await says('a', { year: '1815', pages: '300' })
    await says('a', { year: '1816', pages: '' })
    expect(await book()).toMatchObject({ year: 1816, pages: null })
  })

  test('keeps what another source said, however often the first one comes again', async () => {
    await says('b', { pages: '300' })
    for (const year of ['1815', '1816', '1817']) {
      await says('a', { year, pages: '' })
      expect(await book()).toMatchObject({ year: Number(year), pages: 300 })
    }
  })

  test('keeps what another source has said instead of the first one since', async () => {
    await says('a', { year: '1815', pages: '100' })
    await says('b', { pages: '300' })
    // Says nothing of pages, and is the last one to speak of the group.
    await says('a', { year: '1816' })
    await says('a', { year: '1817', pages: '' })
    expect(await book()).toMatchObject({ year: 1817, pages: 300 })
    await says('b', { pages: '' })
    expect(await book()).toMatchObject({ year: 1817, pages: null })
  })

  test('empties what the source said earlier than the last time', async () => {
    await says('a', { year: '1815', pages: '100' })
    await says('a', { year: '1816' })
    await says('b', { year: '1817' })
    await says('a', { pages: '' })
    expect(await book()).toMatchObject({ year: 1817, pages: null })
  })

  test('takes nothing from staff', async () => {
    await says('a', { year: '1815', pages: '100' })
    const { headers } = await shop.send('GET', `/api/books/${isbn}`)
    await shop.send('PATCH', `/api/books/${isbn}`, {
      as: 'staff',
      body: { language: 'eng' },
      headers: { 'if-match': String(headers.etag) },
    })
    await says('a', { year: '', pages: '' })
    expect(await book()).toMatchObject({ year: 1815, pages: 100, language: 'eng' })
  })
})
