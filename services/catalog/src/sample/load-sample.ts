import { readFile } from 'node:fs/promises'
import { type Queryable, sql } from '@colophon/postgres'
import type { CatalogDeps } from '../deps.ts'
import { importBooks } from '../import/index.ts'
import { recordDecision, sampleSource } from './decision.ts'

export interface SampleCounts {
  inserted: number
  /** Books of an earlier sample that this one says something else of. */
  updated: number
  unchanged: number
}

const file = new URL('../../sample/books.csv', import.meta.url)

/** Imports the sample catalogue; books that staff or a feed speak for stay as they are. */
export async function loadSample(deps: CatalogDeps): Promise<SampleCounts> {
  const [header, ...rows] = (await readFile(file, 'utf8')).trimEnd().split('\n')
  const ours = await unclaimedRows(deps.database, rows)
  const others = rows.length - ours.length
  const counts =
    ours.length > 0
      ? await importRows(deps, `${[header, ...ours].join('\n')}\n`)
      : { inserted: 0, updated: 0, unchanged: 0 }
  await recordDecision(deps.database, 'loaded', deps.now())
  return { ...counts, unchanged: counts.unchanged + others }
}

/** The rows but for those of books, by record or by ISBN, that others speak for: prices and stock are made up. */
async function unclaimedRows(db: Queryable, rows: readonly string[]): Promise<string[]> {
  // A line is a row, and begins with its id and its ISBN.
  const keyed = rows.map((row) => ({ row, keys: row.split(',', 2) }))
  const keys = keyed.flatMap((one) => one.keys)
  const claimed = await db.query<{ key: string }>(sql`
    select key from (
      select value as key, book_id from catalog.identifiers
      where scheme = 'isbn13' and value = any(${keys}::text[])
      union all
      select record_id, book_id from catalog.provenance
      where source = ${sampleSource} and record_id = any(${keys}::text[])) as known
    where exists (
      select from catalog.provenance other
      where other.book_id = known.book_id and other.source <> ${sampleSource})`)
  const claimedKeys = new Set(claimed.map(({ key }) => key))
  return keyed.filter((one) => !one.keys.some((key) => claimedKeys.has(key))).map(({ row }) => row)
}

async function importRows(deps: CatalogDeps, text: string): Promise<SampleCounts> {
  const feed = { name: 'sample.csv', bytes: oneChunk(text), close() {} }
  const { counts, stopped } = await importBooks(deps, { feed, source: sampleSource })
  if (stopped || counts.refused > 0)
    throw new Error(`the sample catalogue was not loaded whole: ${JSON.stringify(counts)}`)
  const { inserted, updated, unchanged } = counts
  return { inserted, updated, unchanged }
}

async function* oneChunk(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}
