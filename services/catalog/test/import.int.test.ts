import { spawn } from 'node:child_process'
import { once as onceEmitted } from 'node:events'
import { sql } from '@colophon/postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { CatalogDeps } from '../src/deps.ts'
import { type CatalogHarness, startCatalog } from './harness.ts'
import { contents, countBooks, feedOf, importText, isbns } from './import-harness.ts'

let shop: CatalogHarness
let deps: CatalogDeps

beforeAll(async () => {
  shop = await startCatalog()
  deps = shop.catalog.deps
})
afterAll(() => shop.stop())
beforeEach(async () => {
  await shop.test.database.query(sql`
    truncate catalog.books, catalog.contributors, catalog.publishers, catalog.subjects, catalog.words cascade`)
})

const [one = '', two = '', three = ''] = isbns(3)
const header = 'recordId,isbn,title,contributors,publisher,year,subjects,description,price'

function counts(
  read: number,
  others: { inserted?: number; updated?: number; unchanged?: number; refused?: number },
) {
  return { read, inserted: 0, updated: 0, unchanged: 0, refused: 0, ...others }
}

async function bookOf(isbn: string) {
  return (await shop.send('GET', `/api/books/${isbn}`)).body
}

describe('an import', () => {
  const file = [
    header,
    `r1,${one},The First,Ann Author; Bob Writer (translator),House,1999,thema:FBA Modern; Sea,Long text,12.99`,
    `r2,${two},The Second,Ann Author,House,2001,,,`,
    `r3,,Without a number,,,,,,`,
  ].join('\n')

  test('makes the books of a file, with all that hangs on them', async () => {
    const { report, issues } = await importText(deps, file)
    expect(issues).toEqual([])
    expect(report).toMatchObject({
      source: 'shop',
      layout: 'plain',
      separator: ',',
      header: { isInFile: true, columns: header.split(','), ignored: [] },
      counts: counts(3, { inserted: 3 }),
      isbn: { valid: 2, repaired: 0, destroyed: 0, missing: 1, invalid: 0 },
    })
    expect(await bookOf(one)).toMatchObject({
      title: 'The First',
      contributors: [
        { name: 'Ann Author', role: 'author' },
        { name: 'Bob Writer', role: 'translator' },
      ],
      publisher: { name: 'House' },
      year: 1999,
      subjects: [
        { scheme: 'thema', code: 'FBA', text: 'Modern' },
        { scheme: 'keyword', code: 'sea', text: 'Sea' },
      ],
      description: 'Long text',
      price: { amount: 1299, currency: 'EUR' },
      version: 1,
    })
    const history = await shop.test.database.query(
      sql`select distinct actor, action from catalog.book_history`,
    )
    expect(history).toEqual([{ actor: 'import:shop', action: 'imported' }])
    expect((await shop.send('GET', '/api/books?q=first')).body.items).toHaveLength(1)
  })

  test('changes nothing the second time', async () => {
    await importText(deps, file)
    const before = await contents(deps.database)
    const { report } = await importText(deps, file)
    expect(report.counts).toEqual(counts(3, { unchanged: 3 }))
    expect(await contents(deps.database)).toEqual(before)
  })

  test('brings books to what the file says now, and keeps what it has no column for', async () => {
    await importText(deps, file)
    const next = `recordId,isbn,title,year\nr1,${one},The First Again,1999\nr2,${two},The Second,2001\n`
    const { report } = await importText(deps, next)
    expect(report.counts).toEqual(counts(2, { updated: 1, unchanged: 1 }))
    expect(await bookOf(one)).toMatchObject({
      title: 'The First Again',
      version: 2,
      publisher: { name: 'House' },
      description: 'Long text',
      price: { amount: 1299 },
    })
    const [entry] = await shop.test.database.query<{ changes: unknown }>(
      sql`select changes from catalog.book_history where version = 2`,
    )
    expect(entry?.changes).toEqual({ title: ['The First', 'The First Again'] })
  })

  test('empties a field that the same source empties, and keeps one that cannot be read', async () => {
    await importText(deps, file)
    const next = `recordId,isbn,title,year,description,price\nr1,9.78E+12,The First,soon,,free\n`
    const { report } = await importText(deps, next)
    expect(report.counts).toEqual(counts(1, { updated: 1 }))
    expect(report.warnings).toEqual({ isbn_destroyed: 1, year_invalid: 1, price_invalid: 1 })
    expect(await bookOf(one)).toMatchObject({ description: null, year: 1999, price: { amount: 1299 } })
  })

  test('of two records that turn out to be one book, refuses the second by the line of the first', async () => {
    await importText(deps, `isbn,title\n${one},Known by its ISBN\n`)
    await importText(deps, `recordId,isbn,title\nRX,${one},Known by an id\n`)
    const both = `recordId,isbn,title\n,${one},By its ISBN\nRX,,By its id\nr3,${two},Another\n`
    const { report, issues } = await importText(deps, both)
    expect(report.counts).toEqual(counts(3, { inserted: 1, updated: 1, refused: 1 }))
    expect(issues).toMatchObject([
      { line: 3, code: 'duplicate_record', message: expect.stringContaining('line 2 has the same book') },
    ])
    expect(await bookOf(one)).toMatchObject({ title: 'By its ISBN' })
  })

  test('finds the books of other sources by their ISBN', async () => {
    await importText(deps, file)
    const other = `isbn,title,description,publisher\n${one},The First,,Another House\n`
    const { report } = await importText(deps, other, { source: 'other' })
    expect(report.counts).toEqual(counts(1, { updated: 1 }))
    // What it says counts; where it says nothing, what the first one said stays.
    expect(await bookOf(one)).toMatchObject({
      publisher: { name: 'Another House' },
      description: 'Long text',
    })
    expect((await importText(deps, other, { source: 'other' })).report.counts.unchanged).toBe(1)
    expect((await importText(deps, file)).report.counts.unchanged).toBe(3)
  })

  test('knows a record by its ISBN when it has got an id since, or lost it', async () => {
    const bare = `isbn,title\n${one},The First\n`
    const withId = `recordId,isbn,title\nr1,${one},The First\n`
    await importText(deps, bare)
    expect((await importText(deps, withId)).report.counts).toEqual(counts(1, { unchanged: 1 }))
    expect((await importText(deps, bare)).report.counts).toEqual(counts(1, { unchanged: 1 }))
    expect(await countBooks(deps.database)).toBe(1)
  })
})

describe('what staff did', () => {
  const file = `recordId,isbn,title,year,price\nr1,${one},Title of the feed,1999,10.00\n`

  test('stays when the feed comes again with something else', async () => {
    await importText(deps, file)
    const { headers } = await shop.send('GET', `/api/books/${one}`)
    const patched = await shop.send('PATCH', `/api/books/${one}`, {
      as: 'staff',
      body: { title: 'Title of staff' },
      headers: { 'if-match': String(headers.etag), 'content-type': 'application/merge-patch+json' },
    })
    expect(patched.status).toBe(200)
    const next = `recordId,isbn,title,year,price\nr1,${one},Another title,2000,11.00\n`
    const { report } = await importText(deps, next)
    expect(report.counts).toEqual(counts(1, { updated: 1 }))
    expect(await bookOf(one)).toMatchObject({ title: 'Title of staff', year: 2000, price: { amount: 1100 } })
    expect((await importText(deps, next)).report.counts).toEqual(counts(1, { unchanged: 1 }))
  })

  test('a book they deleted stays deleted, and is counted unchanged', async () => {
    await importText(deps, file)
    const { headers } = await shop.send('GET', `/api/books/${one}`)
    const deleted = await shop.send('DELETE', `/api/books/${one}`, {
      as: 'staff',
      headers: { 'if-match': String(headers.etag) },
    })
    expect(deleted.status).toBe(204)
    const next = file.replace('Title of the feed', 'Another')
    expect((await importText(deps, next)).report.counts).toEqual(counts(1, { unchanged: 1 }))
    expect((await shop.send('GET', `/api/books/${one}`)).status).toBe(410)
  })

  test('a book they made is found by its ISBN and filled up', async () => {
    const book = { isbn13: one, title: 'Title of staff' }
    expect((await shop.send('POST', '/api/books', { as: 'staff', body: book })).status).toBe(201)
    expect((await importText(deps, file)).report.counts).toEqual(counts(1, { updated: 1 }))
    expect(await bookOf(one)).toMatchObject({ title: 'Title of staff', year: 1999, version: 2 })
  })
})

describe('records that are in each other’s way', () => {
  test('the same record twice in a file is refused with the line of the first', async () => {
    const rows = ['recordId,title', 'r1,A', ...Array.from({ length: 600 }, (_, i) => `x${i},X`), 'r1,B']
    for (const inserted of [601, 0]) {
      const { report, issues } = await importText(deps, rows.join('\n'))
      expect(report.counts).toEqual(counts(602, { inserted, unchanged: 601 - inserted, refused: 1 }))
      expect(issues).toMatchObject([
        {
          line: 603,
          code: 'duplicate_record',
          value: 'r1',
          message: expect.stringContaining('line 2'),
          severity: 'refused',
        },
      ])
    }
  })

  test('the same ISBN under two record ids is refused with the line of the first', async () => {
    const { report, issues } = await importText(deps, `recordId,isbn,title\nr1,${one},A\nr2,${one},B\n`)
    expect(report).toMatchObject({
      counts: counts(2, { inserted: 1, refused: 1 }),
      refusals: { isbn_taken: 1 },
    })
    expect(issues).toMatchObject([
      { line: 3, code: 'isbn_taken', message: expect.stringContaining('line 2') },
    ])
  })

  test('an ISBN that another record of the source had before is refused with that record', async () => {
    await importText(deps, `recordId,isbn,title\nr1,${one},A\n`)
    const { issues } = await importText(deps, `recordId,isbn,title\nr2,${one},B\n`)
    expect(issues).toMatchObject([
      { line: 2, code: 'isbn_taken', message: expect.stringContaining('record r1') },
    ])
    expect(await countBooks(deps.database)).toBe(1)
  })

  test('an ISBN may move from one record to a later one in the same batch', async () => {
    await importText(deps, `recordId,isbn,title\nr1,${one},A\n`)
    const { report } = await importText(deps, `recordId,isbn,title\nr1,${two},A\nr2,${one},B\n`)
    expect(report.counts).toEqual(counts(2, { inserted: 1, updated: 1 }))
    expect((await bookOf(one)).title).toBe('B')
    expect((await bookOf(two)).title).toBe('A')
  })

  test('what the database will not store is refused alone', async () => {
    // A constraint that the importer knows nothing of.
    await deps.database.query(
      sql`alter table catalog.books add constraint not_this check (title <> 'Not this')`,
    )
    try {
      const rows = Array.from({ length: 40 }, (_, index) => `r${index},${index === 17 ? 'Not this' : 'Fine'}`)
      const { report, issues } = await importText(deps, `recordId,title\n${rows.join('\n')}`)
      expect(report.counts).toEqual(counts(40, { inserted: 39, refused: 1 }))
      expect(issues).toMatchObject([{ line: 19, code: 'not_stored', value: 'r17' }])
    } finally {
      await deps.database.query(sql`alter table catalog.books drop constraint not_this`)
    }
  })
})

describe('a dry run', () => {
  test('counts what the real one does, and keeps nothing', async () => {
    await importText(deps, `recordId,isbn,title\nr0,${three},Old\nr7,,Same\n`)
    const before = await contents(deps.database)
    const rows = [
      'recordId,isbn,title',
      `r0,${three},New`,
      'r7,,Same',
      `r1,${one},A`,
      ...Array.from({ length: 700 }, (_, i) => `x${i},,X${i}`),
      // In another batch than the first of its kind.
      `r2,${one},B`,
      'r1,,A',
      ',,No identity',
    ]
    const dry = await importText(deps, rows.join('\n'), { dryRun: true })
    expect(await contents(deps.database)).toEqual(before)
    const real = await importText(deps, rows.join('\n'))
    expect(dry.report.counts).toEqual(counts(706, { inserted: 701, updated: 1, unchanged: 1, refused: 3 }))
    expect(dry.report).toEqual({ ...real.report, dryRun: true, seconds: expect.any(Number) })
    expect(dry.issues).toEqual(real.issues)
  })
})

describe('other writers', () => {
  const many = [
    'recordId,isbn,title',
    ...isbns(1200).map((isbn, index) => `r${index},${isbn},Book ${index}`),
  ].join('\n')

  test('of two imports at once, one is refused in one line', async () => {
    const results = await Promise.allSettled([importText(deps, many), importText(deps, many)])
    const refused = results.filter(({ status }) => status === 'rejected')
    expect(refused).toMatchObject([
      {
        reason: {
          code: 'import_running',
          message: expect.stringMatching(/^another import is running[^\n]*$/),
        },
      },
    ])
    expect(await countBooks(deps.database)).toBe(1200)
    expect((await importText(deps, many)).report.counts).toEqual(counts(1200, { unchanged: 1200 }))
  })

  test('a book that staff make while a batch is written is merged into, and the batch is whole', async () => {
    const deposed: CatalogDeps = {
      ...deps,
      database: once('insert into catalog.identifiers', () => makeByStaff(one)),
    }
    const { report } = await importText(
      deposed,
      `recordId,isbn,title,year\nr1,${one},Feed,1999\nr2,${two},B,2000\n`,
    )
    expect(report.counts).toEqual(counts(2, { inserted: 1, updated: 1 }))
    expect(await bookOf(one)).toMatchObject({ title: 'By staff', year: 1999 })
  })

  async function makeByStaff(isbn13: string): Promise<void> {
    const made = await shop.send('POST', '/api/books', { as: 'staff', body: { isbn13, title: 'By staff' } })
    expect(made.status).toBe(201)
  }
})

/** The database, but that something happens before the first statement with this text in a transaction. */
function once(text: string, happens: () => Promise<void>): CatalogDeps['database'] {
  let isDone = false
  return {
    ...deps.database,
    transaction: (work, options) =>
      deps.database.transaction(
        (tx) =>
          work({
            ...tx,
            async query(statement, queryOptions) {
              if (!isDone && statement.text.includes(text)) {
                isDone = true
                await happens()
              }
              return tx.query(statement, queryOptions)
            },
          }),
        options,
      ),
  }
}

describe('an import that ends early', () => {
  const many = [
    'recordId,title',
    ...Array.from({ length: 5000 }, (_, index) => `r${index},Book ${index}`),
  ].join('\n')

  test('stops behind the batch it is at, and the next one completes it', async () => {
    const stop = new AbortController()
    const { report } = await importText(deps, many, {
      signal: stop.signal,
      onProgress: ({ read }) => read >= 500 && stop.abort(),
    })
    expect(report.stopped).toBe(true)
    expect(report.counts.read).toBeLessThan(5000)
    expect(await countBooks(deps.database)).toBe(report.counts.inserted)
    const rest = await importText(deps, many)
    expect(rest.report.counts).toEqual(
      counts(5000, { inserted: 5000 - report.counts.inserted, unchanged: report.counts.inserted }),
    )
  })

  test('stops at once when nothing comes any more', async () => {
    const stop = new AbortController()
    const close = vi.fn()
    const feed = {
      ...feedOf('', 'pipe'),
      bytes: stalling('recordId,title', stop),
      close,
    }
    const { report } = await importText(deps, '', { feed, signal: stop.signal })
    expect(report).toMatchObject({ stopped: true, counts: counts(0, {}) })
    expect(close).toHaveBeenCalled()
  })

  test('stops at once when nothing ever came', async () => {
    const stop = new AbortController()
    const feed = { ...feedOf('', 'pipe'), bytes: stalling('', stop) }
    const imported = importText(deps, '', { feed, signal: stop.signal })
    await expect(imported).rejects.toMatchObject({ code: 'import_interrupted' })
  })

  test('killed between batches, leaves whole batches, and the next one completes it', async () => {
    const child = spawn(process.execPath, [new URL('./import-child.ts', import.meta.url).pathname], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    child.stdin.end(JSON.stringify({ connection: shop.test.connection, text: many }))
    await onceEmitted(child.stdout, 'data')
    child.kill('SIGKILL')
    await onceEmitted(child, 'exit')
    await expect.poll(() => importIsRunning()).toBe(false)
    const stored = await countBooks(deps.database)
    expect(stored).toBeGreaterThan(0)
    expect(stored % 500).toBe(0)
    const { report } = await importText(deps, many, { source: 'child' })
    expect(report.counts).toEqual(counts(5000, { inserted: 5000 - stored, unchanged: stored }))
  })

  test('when the database goes away, says how far it came', async () => {
    const broken: CatalogDeps = {
      ...deps,
      database: once('insert into catalog.provenance', async () => {
        await deps.database.query(sql`
          select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and backend_xid is not null and pid <> pg_backend_pid()`)
      }),
    }
    await expect(importText(broken, many)).rejects.toMatchObject({
      code: 'import_interrupted',
      message: expect.stringMatching(
        /^the import ended behind line \d+ \([^\n]+\): what was stored stays; import the file again/,
      ),
    })
  })

  async function importIsRunning(): Promise<boolean> {
    const { running } = await deps.database.one<{ running: boolean }>(
      sql`select exists (select from pg_locks where locktype = 'advisory' and database =
        (select oid from pg_database where datname = current_database())) as running`,
    )
    return running
  }

  async function* stalling(text: string, stop: AbortController): AsyncGenerator<Uint8Array> {
    // With blank lines behind it, as what comes is read some at a time.
    if (text !== '') yield Buffer.from(`${text}\n${`${' '.repeat(1000)}\n`.repeat(100)}`)
    stop.abort()
    await new Promise(() => {})
  }
})

describe('what cannot be imported', () => {
  test.each([
    ['', {}, 'file_empty'],
    ['\n \n', {}, 'file_empty'],
    ['title,isbn\n', {}, 'file_without_books'],
    ['foo,bar\n1,2\n', {}, 'layout_unknown'],
    ['PK\x03\x04', {}, 'file_not_csv'],
    ['title\nA\n', { source: 'staff' }, 'source_invalid'],
    ['title\nA\n', { source: ' ' }, 'source_invalid'],
    ['A\n', { columns: ['nix'] }, 'columns_invalid'],
  ])('%j with %j: %s', async (text, options, code) => {
    const failed = importText(deps, text, options)
    await expect(failed).rejects.toMatchObject({ code, message: expect.stringMatching(/^[^\n]+$/) })
  })
})

test('progress is told in order, with the bytes read, and in the end', async () => {
  const told: number[][] = []
  const rows = Array.from({ length: 3000 }, (_, index) => `r${index},Book ${index}`)
  const text = `recordId,title\n${rows.join('\n')}`
  await importText(deps, text, {
    onProgress: ({ read, inserted, bytesRead, bytesTotal = 0 }) =>
      told.push([read, inserted, bytesRead, bytesTotal]),
  })
  expect(told.at(-1)).toEqual([3000, 3000, text.length, text.length])
  expect(told).toEqual(told.toSorted(([a = 0], [b = 0]) => a - b))
})
