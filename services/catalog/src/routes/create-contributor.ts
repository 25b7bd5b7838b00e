import { type App, etagOf } from '@colophon/http'
import { createContributor } from '../contributors/create-contributor.ts'
import { Contributor, ContributorInput } from '../contributors/schemas.ts'
import type { CatalogDeps } from '../deps.ts'
import { staff } from './shared/access.ts'

export function createContributorRoute(app: App, deps: CatalogDeps): void {
  app.post(
    '/api/contributors',
    {
      config: { access: staff, problems: ['contributor_name_taken'] },
      schema: {
        tags: ['Contributors'],
        operationId: 'createContributor',
        summary: 'Add a contributor',
        description:
          'Books make the contributors they name: this is for two of one name, told apart by a disambiguation.',
        body: ContributorInput,
        response: { 201: Contributor },
      },
    },
    async (request, reply) => {
      const contributor = await createContributor(deps, request.requireIdentity(), request.body)
      reply
        .code(201)
        .header('location', `/api/contributors/${contributor.id}`)
        .header('etag', etagOf(contributor.version))
      return contributor
    },
  )
}
