import type { App } from '@colophon/http'
import Type from 'typebox'
import { booksOfContributor } from '../contributors/books-of-contributor.ts'
import { findContributor } from '../contributors/find-contributor.ts'
import type { CatalogDeps } from '../deps.ts'
import { Role } from '../schemas.ts'
import { BooksOfQuery, pageOfBooks, SortedBookPage } from './shared/books-of.ts'
import { idPath } from './shared/id-path.ts'

export function listContributorBooksRoute(app: App, deps: CatalogDeps): void {
  app.get(
    '/api/contributors/:id/books',
    {
      config: { access: 'public', problems: ['contributor_not_found', 'invalid_cursor'] },
      schema: {
        tags: ['Contributors'],
        operationId: 'listContributorBooks',
        summary: 'The books that credit a contributor',
        params: idPath,
        querystring: Type.Object({
          role: Type.Optional({ ...Role, description: 'Only those that credit it in this role' }),
          ...BooksOfQuery.properties,
        }),
        response: { 200: SortedBookPage },
      },
    },
    async ({ params, query }) => {
      const { id } = await findContributor(deps.database, params.id)
      return pageOfBooks(deps, id, booksOfContributor(id, query.role), query)
    },
  )
}
