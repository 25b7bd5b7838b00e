import { existsSync } from 'node:fs'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { sql } from '@colophon/postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type ImportOptions, importBooks, openFeed } from '../src/import/index.ts'
import { type CatalogHarness, startCatalog } from './harness.ts'

/** Real files, beside the checkout where they are at hand: they are not the project's to pass on. */
const folder = fileURLToPath(new URL('../../../../shared/data/', import.meta.url))
const goodbooks = `${folder}goodbooks/books.csv`
const book30 = `${folder}csv/uchidalab_book30-listing-test.csv`
const sample = fileURLToPath(new URL('../sample/books.csv', import.meta.url))

let shop: CatalogHarness

beforeAll(async () => {
  shop = await startCatalog()
})
afterAll(() => shop.stop())
beforeEach(async () => {
  await shop.test.database.query(sql`
    truncate catalog.books, catalog.contributors, catalog.publishers, catalog.subjects, catalog.words cascade`)
})

async function importFile(path: string, options: Partial<ImportOptions> = {}) {
  return importBooks(shop.catalog.deps, { feed: await openFeed(path, Readable.from([])), ...options })
}

function counts(read: number, others: Record<string, number>) {
  return { read, inserted: 0, updated: 0, unchanged: 0, refused: 0, ...others }
}

const files = [goodbooks, book30]
const isAtHand = files.every((file) => existsSync(file))
if (!isAtHand) console.log(`not run, as the files are not at hand: imports of ${files.join(' and ')}`)

test('the sample catalogue is imported without a complaint, and changes nothing the second time', async () => {
  const { counts: first, isbn, warnings, refusals } = await importFile(sample)
  expect(first).toEqual(counts(first.read, { inserted: first.read }))
  expect(isbn).toEqual({ valid: first.read, repaired: 0, destroyed: 0, missing: 0, invalid: 0 })
  expect({ warnings, refusals }).toEqual({ warnings: {}, refusals: {} })
  expect((await importFile(sample)).counts).toEqual(counts(first.read, { unchanged: first.read }))
})

test('what is no file is refused in one line', async () => {
  await expect(importFile(`${sample}.nix`)).rejects.toMatchObject({ code: 'file_not_found' })
  await expect(importFile(fileURLToPath(new URL('.', import.meta.url)))).rejects.toMatchObject({
    code: 'file_not_readable',
    message: expect.stringContaining('is a folder'),
  })
})

describe.runIf(isAtHand)('goodbooks-10k', { timeout: 120_000 }, () => {
  test('is imported whole, the lost zeros of its ISBNs put back; a dry run says the same', async () => {
    const dry = await importFile(goodbooks, { dryRun: true })
    const report = await importFile(goodbooks)
    expect(report).toMatchObject({
      source: 'goodbooks',
      layout: 'goodbooks',
      counts: counts(10_000, { inserted: 10_000 }),
      isbn: { valid: 2690, repaired: 6579, destroyed: 156, missing: 565, invalid: 10 },
      isbnColumns: {
        isbn: { valid: 2690, repaired: 6587, destroyed: 0, missing: 700, invalid: 23 },
        isbn13: { valid: 0, repaired: 1, destroyed: 9407, missing: 585, invalid: 7 },
      },
      refusals: {},
    })
    expect(dry).toEqual({ ...report, dryRun: true, seconds: expect.any(Number) })
    expect((await importFile(goodbooks)).counts).toEqual(counts(10_000, { unchanged: 10_000 }))
    const found = await shop.send('GET', '/api/books?q=hunger+games')
    expect(found.body.items[0]).toMatchObject({ isbn13: '9780439023481', year: 2008, language: 'eng' })
  })

  test('updates the sample, whose titles are from it, and doubles none', async () => {
    const { inserted } = await shop.catalog.sample.load()
    const { counts: found } = await importFile(goodbooks)
    expect(found).toEqual(counts(10_000, { inserted: 10_000 - inserted, unchanged: inserted }))
    expect((await importFile(goodbooks)).counts).toEqual(counts(10_000, { unchanged: 10_000 }))
    const doubled = await shop.test.database.query(sql`
      select title, subtitle, year from catalog.books group by title, subtitle, year having count(*) > 1`)
    expect(doubled).toEqual([])
    expect(await shop.catalog.sample.remove()).toEqual({ removed: 0, kept: inserted })
  })
})

describe.runIf(isAtHand)('book30', () => {
  test('is imported without a header, whatever its lines are encoded in', async () => {
    const report = await importFile(book30)
    expect(report).toMatchObject({
      layout: 'book30',
      header: { isInFile: false },
      encoding: { name: 'UTF-8', windowsLines: 19 },
      counts: counts(5700, { inserted: 5700 }),
      isbn: { valid: 5574, repaired: 0, destroyed: 0, missing: 126, invalid: 0 },
      warnings: { not_utf8: 1 },
      refusals: {},
    })
    expect((await importFile(book30)).counts).toEqual(counts(5700, { unchanged: 5700 }))
  })
})
