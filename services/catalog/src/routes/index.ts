import type { App } from '@colophon/http'
import type { CatalogDeps } from '../deps.ts'
import { createBookRoute } from './create-book.ts'
import { deleteBookRoute } from './delete-book.ts'
import { getBook } from './get-book.ts'
import { listBooks } from './list-books.ts'
import { patchBook } from './patch-book.ts'
import { replaceBook } from './replace-book.ts'

const routes = [listBooks, createBookRoute, getBook, replaceBook, patchBook, deleteBookRoute]

/** Adds the catalogue's routes. */
export function catalogRoutes(app: App, deps: CatalogDeps): void {
  for (const route of routes) route(app, deps)
}
