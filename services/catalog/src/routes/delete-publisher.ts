import { type App, requireMatch } from '@colophon/http'
import Type from 'typebox'
import type { CatalogDeps } from '../deps.ts'
import { deletePublisher } from '../publishers/delete-publisher.ts'
import { staff } from './shared/access.ts'
import { idPath } from './shared/id-path.ts'

export function deletePublisherRoute(app: App, deps: CatalogDeps): void {
  app.delete(
    '/api/publishers/:id',
    {
      config: {
        access: staff,
        problems: ['publisher_not_found', 'publisher_in_use', 'precondition_required', 'precondition_failed'],
      },
      schema: {
        tags: ['Publishers'],
        operationId: 'deletePublisher',
        summary: 'Remove a publisher that no book is of',
        description: 'Deleted books do not keep it: they lose their publisher.',
        params: idPath,
        response: { 204: Type.Null({ description: 'Deleted' }) },
      },
    },
    async (request, reply) => {
      await deletePublisher(deps, request.requireIdentity(), request.params.id, (version) =>
        requireMatch(request, version),
      )
      return reply.code(204).send(null)
    },
  )
}
