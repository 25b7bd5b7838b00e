import { type App, page, pageQuery } from '@colophon/http'
import Type from 'typebox'
import { listContributors } from '../contributors/list-contributors.ts'
import { Contributor } from '../contributors/schemas.ts'
import type { CatalogDeps } from '../deps.ts'
import { Role } from '../schemas.ts'
import { typedName } from './shared/typed-name.ts'

export function listContributorsRoute(app: App, { database }: CatalogDeps): void {
  app.get(
    '/api/contributors',
    {
      config: { access: 'public', problems: ['invalid_cursor'] },
      schema: {
        tags: ['Contributors'],
        operationId: 'listContributors',
        summary: 'List contributors by name',
        querystring: Type.Object({
          q: Type.Optional(typedName('Words of the name', 'tolkien j')),
          role: Type.Optional({ ...Role, description: 'Only those with a book they have this role in' }),
          ...pageQuery.properties,
        }),
        response: { 200: page(Contributor) },
      },
    },
    ({ query }) => listContributors(database, query),
  )
}
