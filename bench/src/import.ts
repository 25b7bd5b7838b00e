import { createReadStream, existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { catalogMigrations, createCatalog } from '@colophon/catalog'
import {
  attachEmbedded,
  type Database,
  type EmbeddedPostgres,
  migrate,
  openDatabase,
  sql,
} from '@colophon/postgres'
import { createLogger } from '@colophon/runtime'
import pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import { shown, spread } from './figures.ts'
import type { Report } from './report.ts'

const rounds = 5

/** The tables that an import fills, each after those it refers to. */
const tables = [
  'publishers',
  'contributors',
  'subjects',
  'books',
  'identifiers',
  'book_contributors',
  'book_subjects',
  'texts',
  'prices',
  'provenance',
  'book_history',
  'words',
]

/** Where goodbooks-10k's books.csv may be; an argument names another place. */
const beside = fileURLToPath(new URL('../../../shared/data/goodbooks/books.csv', import.meta.url))

/** Importing goodbooks-10k as a multiple of COPY of the rows it makes, into the same tables. */
export async function importGoodbooks(file = beside): Promise<Report> {
  if (!existsSync(file))
    throw new Error(`${file} is not there: name goodbooks-10k's books.csv as an argument`)
  const folder = await mkdtemp(join(tmpdir(), 'colophon-bench-'))
  const embedded = await attachEmbedded({ folder, application: 'bench' })
  try {
    const ratios: number[] = []
    const importSeconds: number[] = []
    for (let round = 0; round < rounds; round++) {
      const imported = await timeImport(embedded, file)
      const copied = await timeCopy(embedded, imported.rows)
      importSeconds.push(imported.seconds)
      ratios.push(imported.seconds / copied)
    }
    const ratio = spread(ratios)
    return {
      name: 'import',
      what: "importing goodbooks-10k's 10,000 rows, as a multiple of COPY of the rows it makes into the same tables, indexes and constraints on",
      wanted: 'at most 5',
      met: ratio.median <= 5,
      figures: { ratio, importSeconds: spread(importSeconds) },
      lines: [
        `ratio ${shown(ratio)} over ${rounds} rounds; the import took ${shown(spread(importSeconds))} s`,
      ],
    }
  } finally {
    await embedded.release()
    await rm(folder, { recursive: true, force: true })
  }
}

async function freshCatalogue(embedded: EmbeddedPostgres): Promise<Database> {
  const database = openDatabase({
    connection: embedded.connection,
    application: 'bench',
    statementTimeout: 0,
  })
  await database.query(sql`drop schema if exists catalog cascade`)
  await migrate(database, catalogMigrations)
  await database.query(sql`checkpoint`).catch(() => {
    // Only a superuser may: then the write-ahead log of one round is in the next one's time, for both alike.
  })
  return database
}

async function timeImport(embedded: EmbeddedPostgres, file: string) {
  const database = await freshCatalogue(embedded)
  const logger = createLogger({ level: 'fatal', readable: false })
  const catalog = createCatalog({ database, logger, currency: 'EUR' })
  const bytes = createReadStream(file)
  const began = performance.now()
  await catalog.importBooks({ feed: { name: 'books.csv', bytes, close: () => void bytes.destroy() } })
  const seconds = (performance.now() - began) / 1000
  const rows = await withClient(embedded, async (client) => {
    const copies = new Map<string, { columns: string; bytes: Buffer }>()
    for (const table of tables) {
      const columns = await storedColumns(client, table)
      const chunks = await client.query(copyTo(`copy catalog.${table} (${columns}) to stdout`)).toArray()
      copies.set(table, { columns, bytes: Buffer.concat(chunks) })
    }
    return copies
  })
  await database.close()
  return { seconds, rows }
}

async function timeCopy(
  embedded: EmbeddedPostgres,
  rows: Map<string, { columns: string; bytes: Buffer }>,
): Promise<number> {
  const database = await freshCatalogue(embedded)
  await database.close()
  return withClient(embedded, async (client) => {
    const began = performance.now()
    await client.query('begin')
    for (const [table, { columns, bytes }] of rows) {
      const copy = client.query(copyFrom(`copy catalog.${table} (${columns}) from stdin`))
      await pipeline(Readable.from([bytes]), copy)
    }
    await client.query('commit')
    return (performance.now() - began) / 1000
  })
}

/** Generated columns are made by the table itself. */
async function storedColumns(client: pg.Client, table: string): Promise<string> {
  const { rows } = await client.query<{ column: string }>(
    `select quote_ident(column_name) as column from information_schema.columns
     where table_schema = 'catalog' and table_name = $1 and is_generated = 'NEVER' order by ordinal_position`,
    [table],
  )
  return rows.map(({ column }) => column).join(', ')
}

async function withClient<T>(
  embedded: EmbeddedPostgres,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client(embedded.connection)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
