import { type App, etagOf } from '@colophon/http'
import type { CatalogDeps } from '../deps.ts'
import { findPublisherDetail } from '../publishers/find-publisher.ts'
import { PublisherDetail } from '../publishers/schemas.ts'
import { idPath } from './shared/id-path.ts'

export function getPublisherRoute(app: App, { database }: CatalogDeps): void {
  app.get(
    '/api/publishers/:id',
    {
      config: { access: 'public', problems: ['publisher_not_found'] },
      schema: {
        tags: ['Publishers'],
        operationId: 'getPublisher',
        summary: 'A publisher',
        params: idPath,
        response: { 200: PublisherDetail },
      },
    },
    async (request, reply) => {
      const publisher = await findPublisherDetail(database, request.params.id)
      // For If-Match; no 304 by it, since books are counted that come and go without a new version.
      reply.header('etag', etagOf(publisher.version))
      return publisher
    },
  )
}
