import { type App, etagOf, requireMatch } from '@colophon/http'
import type { CatalogDeps } from '../deps.ts'
import { replacePublisher } from '../publishers/replace-publisher.ts'
import { Publisher, PublisherInput } from '../publishers/schemas.ts'
import { staff } from './shared/access.ts'
import { idPath } from './shared/id-path.ts'

export function replacePublisherRoute(app: App, deps: CatalogDeps): void {
  app.put(
    '/api/publishers/:id',
    {
      config: {
        access: staff,
        problems: [
          'publisher_not_found',
          'publisher_name_taken',
          'precondition_required',
          'precondition_failed',
        ],
      },
      schema: {
        tags: ['Publishers'],
        operationId: 'replacePublisher',
        summary: 'Rename a publisher',
        description: 'Its books show a new name at once, and are found by it within moments.',
        params: idPath,
        body: PublisherInput,
        response: { 200: Publisher },
      },
    },
    async (request, reply) => {
      const publisher = await replacePublisher(
        deps,
        request.requireIdentity(),
        request.params.id,
        request.body,
        (version) => requireMatch(request, version),
      )
      reply.header('etag', etagOf(publisher.version))
      return publisher
    },
  )
}
