import { type App, etagOf } from '@colophon/http'
import { findContributorDetail } from '../contributors/find-contributor.ts'
import { ContributorDetail } from '../contributors/schemas.ts'
import type { CatalogDeps } from '../deps.ts'
import { idPath } from './shared/id-path.ts'

export function getContributorRoute(app: App, { database }: CatalogDeps): void {
  app.get(
    '/api/contributors/:id',
    {
      config: { access: 'public', problems: ['contributor_not_found'] },
      schema: {
        tags: ['Contributors'],
        operationId: 'getContributor',
        summary: 'A contributor and its roles',
        params: idPath,
        response: { 200: ContributorDetail },
      },
    },
    async (request, reply) => {
      const contributor = await findContributorDetail(database, request.params.id)
      // For If-Match; no 304 by it, since books are counted that come and go without a new version.
      reply.header('etag', etagOf(contributor.version))
      return contributor
    },
  )
}
