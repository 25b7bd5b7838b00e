import { type App, requireMatch } from '@colophon/http'
import Type from 'typebox'
import { deleteContributor } from '../contributors/delete-contributor.ts'
import type { CatalogDeps } from '../deps.ts'
import { staff } from './shared/access.ts'
import { idPath } from './shared/id-path.ts'

export function deleteContributorRoute(app: App, deps: CatalogDeps): void {
  app.delete(
    '/api/contributors/:id',
    {
      config: {
        access: staff,
        problems: [
          'contributor_not_found',
          'contributor_in_use',
          'precondition_required',
          'precondition_failed',
        ],
      },
      schema: {
        tags: ['Contributors'],
        operationId: 'deleteContributor',
        summary: 'Remove a contributor that no book credits',
        description: 'Deleted books do not keep it: they lose the credit.',
        params: idPath,
        response: { 204: Type.Null({ description: 'Deleted' }) },
      },
    },
    async (request, reply) => {
      await deleteContributor(deps, request.requireIdentity(), request.params.id, (version) =>
        requireMatch(request, version),
      )
      return reply.code(204).send(null)
    },
  )
}
