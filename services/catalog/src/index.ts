import { randomUUIDv7 } from 'node:crypto'
import type { ProblemTable, RoutePlugin } from '@colophon/http'
import type { Database } from '@colophon/postgres'
import type { Logger, Part } from '@colophon/runtime'
import type { CatalogDeps } from './deps.ts'
import { catalogProblems } from './problems.ts'
import { catalogRoutes } from './routes/index.ts'
import { createUpkeep } from './upkeep.ts'

export { catalogSettings } from './config.ts'

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
  /** When the work that earlier changes left behind is done. */
  settle(): Promise<void>
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
    start: upkeep.start,
    settle: upkeep.settle,
    stop: upkeep.stop,
  }
}
