import type { App } from '@colophon/http'
import type { CatalogDeps } from '../deps.ts'
import { createBookRoute } from './create-book.ts'
import { createContributorRoute } from './create-contributor.ts'
import { createPublisherRoute } from './create-publisher.ts'
import { deleteBookRoute } from './delete-book.ts'
import { deleteContributorRoute } from './delete-contributor.ts'
import { deletePublisherRoute } from './delete-publisher.ts'
import { getBookRoute } from './get-book.ts'
import { getContributorRoute } from './get-contributor.ts'
import { getPublisherRoute } from './get-publisher.ts'
import { getSubjectRoute } from './get-subject.ts'
import { listBookHistoryRoute } from './list-book-history.ts'
import { listBooksRoute } from './list-books.ts'
import { listContributorBooksRoute } from './list-contributor-books.ts'
import { listContributorHistoryRoute } from './list-contributor-history.ts'
import { listContributorsRoute } from './list-contributors.ts'
import { listPublisherBooksRoute } from './list-publisher-books.ts'
import { listPublisherHistoryRoute } from './list-publisher-history.ts'
import { listPublishersRoute } from './list-publishers.ts'
import { listSubjectBooksRoute } from './list-subject-books.ts'
import { listSubjectHistoryRoute } from './list-subject-history.ts'
import { listSubjectsRoute } from './list-subjects.ts'
import { patchBookRoute } from './patch-book.ts'
import { renameSubjectRoute } from './rename-subject.ts'
import { replaceBookRoute } from './replace-book.ts'
import { replaceContributorRoute } from './replace-contributor.ts'
import { replacePublisherRoute } from './replace-publisher.ts'
import { reportAuthorsRoute } from './report-authors.ts'

const routes = [
  listBooksRoute,
  createBookRoute,
  getBookRoute,
  replaceBookRoute,
  patchBookRoute,
  deleteBookRoute,
  listBookHistoryRoute,

  listContributorsRoute,
  createContributorRoute,
  getContributorRoute,
  replaceContributorRoute,
  deleteContributorRoute,
  listContributorBooksRoute,
  listContributorHistoryRoute,

  listPublishersRoute,
  createPublisherRoute,
  getPublisherRoute,
  replacePublisherRoute,
  deletePublisherRoute,
  listPublisherBooksRoute,
  listPublisherHistoryRoute,

  listSubjectsRoute,
  getSubjectRoute,
  renameSubjectRoute,
  listSubjectBooksRoute,
  listSubjectHistoryRoute,

  reportAuthorsRoute,
]

/** Adds the catalogue's routes. */
export function catalogRoutes(app: App, deps: CatalogDeps): void {
  for (const route of routes) route(app, deps)
}
