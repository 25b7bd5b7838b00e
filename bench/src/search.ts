import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { attachEmbedded, type Database, migrate, openDatabase, sql, type Target } from '@colophon/postgres'
import { createLogger } from '@colophon/runtime'
import type { CatalogDeps } from '../../services/catalog/src/deps.ts'
import { catalogMigrations, createCatalog } from '../../services/catalog/src/index.ts'
import { type BookListQuery, listPage } from '../../services/catalog/src/search/list-page.ts'
import { quantile } from './figures.ts'
import { loadCatalogue } from './load-catalogue.ts'
import { countingPages } from './pages.ts'
import type { Report } from './report.ts'
import { type Search, searches } from './searches.ts'

/** Each search is run so often, or until the time is up: milliseconds. */
const maxRuns = 200
const longestRuns = 5_000

/** Sizes of catalogue, in titles. */
export const usualSizes: readonly number[] = [10_000, 100_000, 1_000_000]

/**
 * How many pages of 8 kB one search may read, whatever the size of the catalogue; those that may read more have
 * a bound of their own in searches.ts. The figures are of a million titles, with a quarter to spare.
 */
const usualBound = 10_000

interface Timed {
  search: Search
  runs: number
  p50: number
  /** The 99th percentile, or of fewer than a hundred runs the longest. */
  p99: number
  buffers: number
}

/** Every search of searches.ts on a made-up catalogue of each size: time and pages read. */
export async function search(sizes: readonly number[]): Promise<Report> {
  const folder = await mkdtemp(join(tmpdir(), 'colophon-bench-'))
  try {
    const embedded = await attachEmbedded({ folder, application: 'bench' })
    try {
      return await searchIn(embedded.connection, sizes)
    } finally {
      await embedded.release()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function searchIn(connection: Target, sizes: readonly number[]): Promise<Report> {
  const database = openDatabase({ connection, application: 'bench', statementTimeout: 0 })
  const lines: string[] = []
  const figures: Report['figures'] = {}
  let met = true
  try {
    const { version } = await database.one<{ version: string }>(
      sql`select current_setting('server_version') as version`,
    )
    lines.push(
      `on the embedded PostgreSQL ${version}; each search ${maxRuns} times, or for ${longestRuns / 1000} s`,
    )
    for (const size of sizes) {
      await database.query(sql`drop schema if exists catalog cascade`)
      await migrate(database, catalogMigrations)
      await loadCatalogue(database, size, progressOf(size))
      const timed = []
      for (const one of searches) timed.push(await timeSearch(database, one))
      const title = `${size.toLocaleString('en')} titles`
      lines.push(`${title.padEnd(40)}p50 ms    p99 ms    pages read`, ...timed.map(line))
      const sorted = timed.map(({ p50 }) => p50).toSorted((a, b) => a - b)
      figures[`p50Ms${size}`] = quantile(sorted, 0.5)
      figures[`slowestP50Ms${size}`] = sorted.at(-1) ?? 0
      figures[`mostPages${size}`] = Math.max(...timed.map(({ buffers }) => buffers))
      met &&= timed.every(isWithinBound)
    }
  } finally {
    await database.close()
  }
  return {
    name: 'search',
    what: `${searches.length} searches of real kinds, in milliseconds and pages of 8 kB read`,
    wanted: `at most ${usualBound.toLocaleString('en')} pages whatever the size of the catalogue, or what an exception says`,
    met,
    figures,
    lines: [...lines, ...exceptions()],
  }
}

function isWithinBound({ search: { mayRead }, buffers }: Timed): boolean {
  return buffers <= (mayRead?.pages ?? usualBound)
}

function line(timed: Timed): string {
  const { search, runs, p50, p99, buffers } = timed
  const cells = [p50.toFixed(1), p99.toFixed(1), buffers.toLocaleString('en')]
  const figures = cells.map((cell, i) => cell.padStart([6, 10, 14][i] ?? 0)).join('')
  const few = runs < 100 ? `  longest of ${runs}` : ''
  return `  ${search.name.padEnd(38)}${figures}${few}${isWithinBound(timed) ? '' : '  TOO MANY'}`
}

function exceptions(): string[] {
  return searches.flatMap(({ name, mayRead }) =>
    mayRead
      ? [`exception: ${name}: at most ${mayRead.pages.toLocaleString('en')} pages: ${mayRead.because}`]
      : [],
  )
}

function progressOf(size: number): (loaded: number) => void {
  return (loaded) => {
    if (loaded % 100_000 === 0)
      console.error(`search: ${loaded.toLocaleString('en')} of ${size.toLocaleString('en')} titles made`)
  }
}

async function timeSearch(database: Database, one: Search): Promise<Timed> {
  const deps = depsOn(database)
  const query = await queryOfPage(deps, one)
  const times: number[] = []
  await listPage(deps, query)
  for (const end = performance.now() + longestRuns; times.length < maxRuns && performance.now() < end; ) {
    const began = performance.now()
    await listPage(deps, query)
    times.push(performance.now() - began)
  }
  times.sort((a, b) => a - b)
  const counter = { pages: 0 }
  await listPage(depsOn(countingPages(database, counter)), query)
  const [p50, p99] = [quantile(times, 0.5), quantile(times, 0.99)]
  return { search: one, runs: times.length, p50, p99, buffers: counter.pages }
}

function depsOn(database: Database): CatalogDeps {
  const logger = createLogger({ level: 'fatal', readable: false })
  return createCatalog({ database, logger, currency: 'EUR' }).deps
}

async function queryOfPage(deps: CatalogDeps, { query, page = 1 }: Search): Promise<BookListQuery> {
  let cursor: string | null = null
  for (let n = 1; n < page; n++) {
    const result = await listPage(deps, { limit: 20, ...query, ...(cursor && { cursor }) })
    cursor = result.nextCursor
  }
  return { limit: 20, ...query, ...(cursor && { cursor }) }
}
