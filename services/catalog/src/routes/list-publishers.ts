import { type App, page, pageQuery } from '@colophon/http'
import Type from 'typebox'
import type { CatalogDeps } from '../deps.ts'
import { listPublishers } from '../publishers/list-publishers.ts'
import { Publisher } from '../publishers/schemas.ts'
import { typedName } from './shared/typed-name.ts'

export function listPublishersRoute(app: App, { database }: CatalogDeps): void {
  app.get(
    '/api/publishers',
    {
      config: { access: 'public', problems: ['invalid_cursor'] },
      schema: {
        tags: ['Publishers'],
        operationId: 'listPublishers',
        summary: 'List publishers by name',
        querystring: Type.Object({
          q: Type.Optional(typedName('Words of the name', 'scholastic pr')),
          ...pageQuery.properties,
        }),
        response: { 200: page(Publisher) },
      },
    },
    ({ query }) => listPublishers(database, query),
  )
}
