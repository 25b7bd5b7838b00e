import { type App, etagOf } from '@colophon/http'
import type { CatalogDeps } from '../deps.ts'
import { findSubjectDetail } from '../subjects/find-subject.ts'
import { SubjectDetail } from '../subjects/schemas.ts'
import { idPath } from './shared/id-path.ts'

export function getSubjectRoute(app: App, { database }: CatalogDeps): void {
  app.get(
    '/api/subjects/:id',
    {
      config: { access: 'public', problems: ['subject_not_found'] },
      schema: {
        tags: ['Subjects'],
        operationId: 'getSubject',
        summary: 'A subject',
        params: idPath,
        response: { 200: SubjectDetail },
      },
    },
    async (request, reply) => {
      const subject = await findSubjectDetail(database, request.params.id)
      // For If-Match; no 304 by it, since books are counted that come and go without a new version.
      reply.header('etag', etagOf(subject.version))
      return subject
    },
  )
}
