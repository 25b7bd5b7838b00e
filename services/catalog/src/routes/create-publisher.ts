import { type App, etagOf } from '@colophon/http'
import type { CatalogDeps } from '../deps.ts'
import { createPublisher } from '../publishers/create-publisher.ts'
import { Publisher, PublisherInput } from '../publishers/schemas.ts'
import { staff } from './shared/access.ts'

export function createPublisherRoute(app: App, deps: CatalogDeps): void {
  app.post(
    '/api/publishers',
    {
      config: { access: staff, problems: ['publisher_name_taken'] },
      schema: {
        tags: ['Publishers'],
        operationId: 'createPublisher',
        summary: 'Add a publisher',
        body: PublisherInput,
        response: { 201: Publisher },
      },
    },
    async (request, reply) => {
      const publisher = await createPublisher(deps, request.requireIdentity(), request.body)
      reply
        .code(201)
        .header('location', `/api/publishers/${publisher.id}`)
        .header('etag', etagOf(publisher.version))
      return publisher
    },
  )
}
