import { type App, page, pageQuery } from '@colophon/http'
import Type from 'typebox'
import type { CatalogDeps } from '../deps.ts'
import { authorReport, authorSorts } from '../reports/author-report.ts'
import { AuthorFigures } from '../reports/schemas.ts'
import { literals } from '../schemas.ts'
import { staff } from './shared/access.ts'

export function reportAuthorsRoute(app: App, { database }: CatalogDeps): void {
  app.get(
    '/api/reports/authors',
    {
      config: { access: staff, problems: ['invalid_cursor'] },
      schema: {
        tags: ['Reports'],
        operationId: 'reportAuthors',
        summary: 'Books per author and their mean year',
        querystring: Type.Object({
          sort: Type.Optional(
            literals(authorSorts, {
              description:
                '-books when not given; - is descending. Those without a mean year come last in both',
            }),
          ),
          ...pageQuery.properties,
        }),
        response: { 200: page(AuthorFigures) },
      },
    },
    ({ query }) => authorReport(database, query),
  )
}
