import { randomUUIDv7 } from 'node:crypto'
import type { ProblemTable, RoutePlugin } from '@colophon/http'
import type { Database } from '@colophon/postgres'
import type { Logger, Part } from '@colophon/runtime'
import { type CatalogClient, createClient } from './client.ts'
import type { CatalogDeps } from './deps.ts'
import { type ImportOptions, type ImportReport, importBooks } from './import/index.ts'
import { refreshStatistics } from './import/refresh-statistics.ts'
import { catalogProblems } from './problems.ts'
import { catalogRoutes } from './routes/index.ts'
import { hasOtherBooks, recordDecision, sampleBookIds, sampleDecision } from './sample/decision.ts'
import { inStockBooks, type SampleBook } from './sample/in-stock-books.ts'
import { loadSample, type SampleCounts } from './sample/load-sample.ts'
import { type Removal, removeSample } from './sample/remove-sample.ts'
import { createUpkeep } from './upkeep.ts'

export type { BookForSale } from './books/books-for-sale.ts'
export type { StockChange } from './books/follow-stock.ts'
export type { PriceChange } from './books/set-price.ts'
export type { CatalogClient } from './client.ts'
export { catalogSettings } from './config.ts'
export {
  type Feed,
  ImportError,
  type ImportIssue,
  type ImportProgress,
  type ImportReport,
  openFeed,
} from './import/index.ts'
export type { SampleBook } from './sample/in-stock-books.ts'
export { Availability, Format, literals, Money } from './schemas.ts'
export {
  catalogTasks,
  followStockTask,
  type PriceInput,
  type StockInput,
  setPriceTask,
} from './tasks/index.ts'

export interface CatalogOptions {
  database: Database
  logger: Logger
  /** ISO 4217 code of the currency the shop sells in. */
  currency: string
  now?: () => Date
  newId?: () => string
}

/** The catalogue as a service: books, contributors, publishers and subjects, and how they are found. */
export interface Catalog extends Part {
  routes: RoutePlugin
  problems: ProblemTable
  /** To be applied, by `migrate` of @colophon/postgres, before the start. */
  migrations: typeof catalogMigrations
  deps: CatalogDeps
  /** What other services ask of it; works without a start too, for the command line. */
  client: CatalogClient
  /** Brings a feed into the catalogue. @throws ImportError */
  importBooks(options: ImportOptions): Promise<ImportReport>
  sample: Sample
  /** When the work that earlier changes left behind is done. */
  settle(): Promise<void>
}

/** The catalogue that comes with the program. */
export interface Sample {
  /** Whether this shop has the sample, had it, or did not want it. */
  isDecided(): Promise<boolean>
  /** Whether staff or a feed have brought books into the shop. */
  hasOtherBooks(): Promise<boolean>
  decline(): Promise<void>
  load(): Promise<SampleCounts>
  /** Its books that are in stock and of which nobody has counted copies yet: they are to get some. */
  inStockBooks(): Promise<SampleBook[]>
  /** The ids of its books. */
  bookIds(): Promise<string[]>
  /**
   * Takes it away, except books that staff or another feed speak for too: these lose its prices and stock. Stock that
   * is followed by then is not the sample's, and stays.
   * @param keep ids of books that are kept like these, since others have copies of them
   */
  remove(keep?: ReadonlySet<string>): Promise<Removal>
}

/** Where the catalogue's migrations are, and the schema they make. */
export const catalogMigrations = { schema: 'catalog', folder: new URL('./migrations/', import.meta.url) }

export function createCatalog({ database, logger, currency, ...given }: CatalogOptions): Catalog {
  const upkeep = createUpkeep(() => deps, logger)
  const deps: CatalogDeps = {
    database,
    currency,
    now: given.now ?? (() => new Date()),
    newId: given.newId ?? randomUUIDv7,
    reindexSoon: upkeep.soon,
  }
  return {
    name: 'catalog',
    routes: (app) => catalogRoutes(app, deps),
    problems: catalogProblems,
    migrations: catalogMigrations,
    deps,
    client: createClient(deps),
    async importBooks(options) {
      const report = await importBooks(deps, options)
      if (!report.dryRun) await refreshStatistics(database, report.counts)
      return report
    },
    sample: {
      isDecided: async () => (await sampleDecision(database)) !== undefined,
      hasOtherBooks: () => hasOtherBooks(database),
      decline: () => recordDecision(database, 'declined', deps.now()),
      load: () => loadSample(deps),
      inStockBooks: () => inStockBooks(database),
      bookIds: () => sampleBookIds(database),
      remove: (keep = new Set()) => removeSample(deps, keep),
    },
    start: upkeep.start,
    settle: upkeep.settle,
    stop: upkeep.stop,
  }
}
