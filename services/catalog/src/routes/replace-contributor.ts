import { type App, etagOf, requireMatch } from '@colophon/http'
import { replaceContributor } from '../contributors/replace-contributor.ts'
import { Contributor, ContributorInput } from '../contributors/schemas.ts'
import type { CatalogDeps } from '../deps.ts'
import { staff } from './shared/access.ts'
import { idPath } from './shared/id-path.ts'

export function replaceContributorRoute(app: App, deps: CatalogDeps): void {
  app.put(
    '/api/contributors/:id',
    {
      config: {
        access: staff,
        problems: [
          'contributor_not_found',
          'contributor_name_taken',
          'precondition_required',
          'precondition_failed',
        ],
      },
      schema: {
        tags: ['Contributors'],
        operationId: 'replaceContributor',
        summary: 'Replace a contributor',
        description: 'Its books show a new name at once, and are found by it within moments.',
        params: idPath,
        body: ContributorInput,
        response: { 200: Contributor },
      },
    },
    async (request, reply) => {
      const contributor = await replaceContributor(
        deps,
        request.requireIdentity(),
        request.params.id,
        request.body,
        (version) => requireMatch(request, version),
      )
      reply.header('etag', etagOf(contributor.version))
      return contributor
    },
  )
}
