import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Database, lockKeys, migrate, openDatabase, sql } from '../src/index.ts'
import { createTestDatabase, type TestDatabase } from '../testing/index.ts'

let fixture: TestDatabase
let database: Database
let folder: string

beforeEach(async () => {
  fixture = await createTestDatabase()
  database = fixture.database
  folder = await mkdtemp(join(tmpdir(), 'migrations-'))
})
afterEach(async () => {
  await fixture.drop()
  await rm(folder, { recursive: true })
})

const file = (name: string, text: string) => writeFile(join(folder, name), text)
const run = () => migrate(database, { schema: 'shop', folder })

const books = 'CREATE TABLE shop.books (id int PRIMARY KEY);\nINSERT INTO shop.books VALUES (1);\n'
const titles = 'ALTER TABLE shop.books ADD COLUMN title text;\n'

test('applies files once, in order, and writes down which and when', async () => {
  await file('0001-books.sql', books)
  await file('0002-titles.sql', titles)
  await file('README.md', 'not a migration')
  const log = { info: vi.fn(), warn: vi.fn() }
  expect(await migrate(database, { schema: 'shop', folder: pathToFileURL(folder), log })).toEqual({
    applied: ['0001-books.sql', '0002-titles.sql'],
    already: 0,
  })
  expect(log.info.mock.calls.map(([fields]) => fields.file)).toEqual(['0001-books.sql', '0002-titles.sql'])
  expect(await run()).toEqual({ applied: [], already: 2 })
  await file('0003-more.sql', 'INSERT INTO shop.books VALUES (2);')
  expect(await run()).toEqual({ applied: ['0003-more.sql'], already: 2 })
  expect(
    await database.query(sql`SELECT name, length(checksum) AS length FROM shop.migrations ORDER BY name`),
  ).toEqual(['0001-books.sql', '0002-titles.sql', '0003-more.sql'].map((name) => ({ name, length: 64 })))
})

test('refuses a server that is too old, before anything is changed', async () => {
  await file('0001-books.sql', books)
  const one = async () => ({ number: 140_002, version: '14.2 (Debian 14.2-1.pgdg110+1)' })
  const old = { ...database, one: one as Database['one'] }
  await expect(migrate(old, { schema: 'shop', folder })).rejects.toThrow(
    /^this needs PostgreSQL 15 or later, and the server is 14.2$/,
  )
  expect(await database.one(sql`SELECT to_regnamespace('shop') AS shop`)).toEqual({ shop: null })
})

test('each schema has its own, and an empty folder is no trouble', async () => {
  expect(await run()).toEqual({ applied: [], already: 0 })
  await file('0001-any.sql', 'SELECT 1;')
  await run()
  expect(await migrate(database, { schema: 'other "shop"', folder })).toEqual({
    applied: ['0001-any.sql'],
    already: 0,
  })
})

test('many processes that start at once apply each file once', async () => {
  await file('0001-books.sql', books)
  for (const n of [2, 3, 4, 5]) await file(`000${n}-more.sql`, `INSERT INTO shop.books VALUES (${n});`)
  const pools = Array.from({ length: 6 }, () =>
    openDatabase({ connection: fixture.connection, application: 'test' }),
  )
  const results = await Promise.all(pools.map((pool) => migrate(pool, { schema: 'shop', folder })))
  expect(results.flatMap(({ applied }) => applied).sort()).toHaveLength(5)
  for (const { applied, already } of results) expect(applied.length + already).toBe(5)
  expect(await database.one(sql`SELECT count(*) FROM shop.books`)).toEqual({ count: 5 })
  await Promise.all(pools.map((pool) => pool.close()))
})

describe('a file that fails', () => {
  test('leaves nothing of itself, and is named with the line', async () => {
    await file('0001-books.sql', books)
    await file(
      '0002-broken.sql',
      '-- Übersicht 📚\nINSERT INTO shop.books VALUES (2);\nSELECT title\nFROM shop.tittles;\n',
    )
    await expect(run()).rejects.toThrow(
      /^shop: 0002-broken.sql, line 4: relation "shop.tittles" does not exist$/,
    )
    expect(await database.query(sql`SELECT id FROM shop.books`)).toEqual([{ id: 1 }])
    await file('0002-broken.sql', 'INSERT INTO shop.books VALUES (2);')
    expect(await run()).toEqual({ applied: ['0002-broken.sql'], already: 1 })
  })

  test('is named without a line where there is none', async () => {
    await file('0001-books.sql', `${books}INSERT INTO shop.books VALUES (1);`)
    await expect(run()).rejects.toThrow(/^shop: 0001-books.sql: duplicate key/)
    expect(await database.one(sql`SELECT to_regclass('shop.books') AS books`)).toEqual({ books: null })
  })
})

describe('a file that runs outside a transaction', () => {
  const index = `-- migrate: no transaction
-- Built while the shop is open.
DROP INDEX CONCURRENTLY IF EXISTS shop.books_by_title;
CREATE UNIQUE INDEX CONCURRENTLY books_by_title
  ON shop.books (title);
`
  const begun = () => database.query(sql`SELECT name FROM shop.migrations_begun`)
  const isValid = () =>
    database.maybeOne(sql`SELECT indisvalid AS valid FROM pg_index
      WHERE indexrelid = to_regclass('shop.books_by_title')`)

  beforeEach(async () => {
    await file('0001-books.sql', books + titles)
    await file('0002-index.sql', index)
    await file('0003-more.sql', "INSERT INTO shop.books VALUES (2, 'Emma');")
  })

  test('is applied once, in its turn', async () => {
    expect(await run()).toEqual({
      applied: ['0001-books.sql', '0002-index.sql', '0003-more.sql'],
      already: 0,
    })
    expect(await isValid()).toEqual({ valid: true })
    expect(await begun()).toEqual([])
    expect(await run()).toEqual({ applied: [], already: 3 })
  })

  test('that fails half way can be seen, and runs again from its beginning', async () => {
    await file('0001-books.sql', `${books + titles}UPDATE shop.books SET title = 'Emma';`)
    await rm(join(folder, '0003-more.sql'))
    await rename(join(folder, '0002-index.sql'), join(folder, '0003-index.sql'))
    await file('0002-same.sql', "INSERT INTO shop.books VALUES (2, 'Emma');")
    await expect(run()).rejects.toThrow(
      /^shop: 0003-index.sql: could not create unique index "books_by_title" \(what came before it is done: /,
    )
    expect(await isValid()).toEqual({ valid: false })
    expect(await begun()).toEqual([{ name: '0003-index.sql' }])

    await database.query(sql`DELETE FROM shop.books WHERE id = 2`)
    const log = { info: vi.fn(), warn: vi.fn() }
    expect(await migrate(database, { schema: 'shop', folder, log })).toEqual({
      applied: ['0003-index.sql'],
      already: 2,
    })
    expect(log.warn.mock.calls).toEqual([
      [
        { schema: 'shop', file: '0003-index.sql', since: expect.stringMatching(/^\d{4}-.*Z$/) },
        'a migration was begun and not finished: running it again',
      ],
    ])
    expect(await isValid()).toEqual({ valid: true })
    expect(await begun()).toEqual([])
  })

  test('names the line in the file', async () => {
    await file('0002-index.sql', index.replace('(title)', 'title)'))
    await expect(run()).rejects.toThrow(
      /^shop: 0002-index.sql, line 5: syntax error at or near "title" \(what/,
    )
  })

  test('is applied once by many processes that start at once, beside work that goes on', async () => {
    const pools = Array.from({ length: 6 }, () =>
      openDatabase({ connection: fixture.connection, application: 'test' }),
    )
    await migrate(database, { schema: 'shop', folder: await folderOf('0001-books.sql', books + titles) })
    const { running, end } = await openTransaction()
    const results = Promise.all(pools.map((pool) => migrate(pool, { schema: 'shop', folder })))
    const building = sql`SELECT count(*) FROM pg_stat_activity
      WHERE datname = current_database() AND query LIKE '%INDEX CONCURRENTLY books_by_title%' AND wait_event_type = 'Lock'`
    await expect.poll(() => database.one(building)).toEqual({ count: 1 })
    // Nobody waits for the build.
    await database.query(sql`INSERT INTO shop.books VALUES (3, 'Persuasion')`)
    end()
    await running
    const applied = (await results).flatMap((result) => result.applied)
    expect(applied.sort()).toEqual(['0002-index.sql', '0003-more.sql'])
    expect(await isValid()).toEqual({ valid: true })
    await Promise.all(pools.map((pool) => pool.close()))
  })

  /** A transaction that has written to the table, as any of an older process may have. */
  async function openTransaction() {
    const ended = Promise.withResolvers<void>()
    const written = Promise.withResolvers<void>()
    const running = database.transaction(async (tx) => {
      await tx.query(sql`UPDATE shop.books SET title = 'Lady Susan'`)
      written.resolve()
      await ended.promise
    })
    await written.promise
    return { running, end: ended.resolve }
  }

  async function folderOf(name: string, text: string): Promise<string> {
    const other = await mkdtemp(join(folder, 'other-'))
    await writeFile(join(other, name), text)
    return other
  }

  test('says so in its first line and nowhere else', async () => {
    await file('0002-index.sql', `\n${index}`)
    await expect(run()).rejects.toThrow(
      /0002-index.sql: write "-- migrate: no transaction" as the first line/,
    )
    await file('0002-index.sql', index.replace('no transaction', 'no transactions'))
    await expect(run()).rejects.toThrow(
      /0002-index.sql: write "-- migrate: no transaction" as the first line/,
    )
  })
})

describe('a history that does not match', () => {
  beforeEach(async () => {
    await file('0001-books.sql', books)
    await file('0003-titles.sql', titles)
    await run()
  })

  test('changed after it was applied', async () => {
    await file('0001-books.sql', books.replace('(1)', '(2)'))
    await expect(run()).rejects.toThrow(/shop: 0001-books.sql was changed after it was applied: put it back/)
  })

  test('but other line ends are no change', async () => {
    await file('0001-books.sql', books.replaceAll('\n', '\r\n'))
    expect(await run()).toEqual({ applied: [], already: 2 })
  })

  test('missing', async () => {
    await rename(join(folder, '0001-books.sql'), join(folder, '0001-books.sql.bak'))
    await expect(run()).rejects.toThrow(
      /has migration 0001-books.sql, which this version does not: run the version/,
    )
  })

  test('missing, though a newer version has been here as well', async () => {
    await file('0004-more.sql', 'SELECT 1;')
    await run()
    await rm(join(folder, '0001-books.sql'))
    await rm(join(folder, '0004-more.sql'))
    await expect(run()).rejects.toThrow(/has migration 0001-books.sql, which this version does not/)
  })

  test('not applied, though a newer version has been here', async () => {
    await file('0004-more.sql', 'SELECT 1;')
    await run()
    await rm(join(folder, '0004-more.sql'))
    await file('0003-zero.sql', 'SELECT 1;')
    await expect(run()).rejects.toThrow(/0003-zero.sql comes before 0004-more.sql, which has been applied/)
  })

  test('added before one that was applied', async () => {
    await file('0002-late.sql', 'SELECT 1;')
    await expect(run()).rejects.toThrow(
      /0002-late.sql comes before 0003-titles.sql, .*: give it a higher number/,
    )
  })

  test('named otherwise', async () => {
    await file('4-more.sql', 'SELECT 1;')
    await expect(run()).rejects.toThrow(/4-more.sql: a migration is named like 0001-books.sql/)
  })
})

describe('given up', () => {
  const reason = new Error('stopping')

  test('while another process has its turn', async () => {
    await file('0001-books.sql', books)
    const controller = new AbortController()
    const applied = await database.transaction(async (tx) => {
      const [kind, name] = lockKeys('migrations', 'shop')
      await tx.query(sql`SELECT pg_advisory_xact_lock(${kind}, ${name})`)
      const patient = openDatabase({ connection: fixture.connection, application: 'patient' })
      const migrating = migrate(patient, { schema: 'shop', folder, signal: controller.signal })
      const waiting = sql`SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'patient'`
      await expect.poll(() => database.one(waiting)).toEqual({ count: 1 })
      controller.abort(reason)
      await expect(migrating).rejects.toBe(reason)
      await patient.close()
      return tx.one(sql`SELECT to_regclass('shop.books') AS books`)
    })
    expect(applied).toEqual({ books: null })
    expect(await run()).toEqual({ applied: ['0001-books.sql'], already: 0 })
  })

  test('between files', async () => {
    await file('0001-books.sql', books)
    await file('0002-titles.sql', titles)
    const controller = new AbortController()
    const log = { info: () => controller.abort(reason), warn: vi.fn() }
    const migrating = migrate(database, { schema: 'shop', folder, signal: controller.signal, log })
    await expect(migrating).rejects.toBe(reason)
    expect(await run()).toEqual({ applied: ['0002-titles.sql'], already: 1 })
  })
})

test('an older version goes on beside a newer one, and says what it does not know', async () => {
  await file('0001-books.sql', books)
  await file('0002-titles.sql', titles)
  await file('0003-more.sql', 'SELECT 1;')
  await run()
  await rm(join(folder, '0002-titles.sql'))
  await rm(join(folder, '0003-more.sql'))
  const log = { info: vi.fn(), warn: vi.fn() }
  expect(await migrate(database, { schema: 'shop', folder, log })).toEqual({ applied: [], already: 1 })
  expect(log.warn.mock.calls).toEqual([
    [{ schema: 'shop', later: ['0002-titles.sql', '0003-more.sql'] }, expect.stringMatching(/newer version/)],
  ])
  await file('0001-books.sql', books.replace('(1)', '(2)'))
  await expect(run()).rejects.toThrow(/shop: 0001-books.sql was changed after it was applied/)
})

test('a role that may not create schemas migrates the one it was given', async () => {
  await database.query(sql`CREATE SCHEMA shop`)
  await database.query(sql`
    DO $$ BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM CURRENT_USER', current_database()); END $$`)
  await file('0001-books.sql', books)
  expect(await run()).toEqual({ applied: ['0001-books.sql'], already: 0 })
})

test('a migration may take longer than statements may', async () => {
  const hasty = openDatabase({ connection: fixture.connection, application: 'test', statementTimeout: 100 })
  await file('0001-slow.sql', 'SELECT pg_sleep(0.3);')
  expect(await migrate(hasty, { schema: 'shop', folder })).toEqual({ applied: ['0001-slow.sql'], already: 0 })
  await hasty.close()
})
