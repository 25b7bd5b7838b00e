import { type App, etagOf, requireMatch } from '@colophon/http'
import type { CatalogDeps } from '../deps.ts'
import { renameSubject } from '../subjects/rename-subject.ts'
import { Subject, SubjectInput } from '../subjects/schemas.ts'
import { staff } from './shared/access.ts'
import { idPath } from './shared/id-path.ts'

export function renameSubjectRoute(app: App, deps: CatalogDeps): void {
  app.put(
    '/api/subjects/:id',
    {
      config: {
        access: staff,
        problems: ['subject_not_found', 'precondition_required', 'precondition_failed'],
      },
      schema: {
        tags: ['Subjects'],
        operationId: 'renameSubject',
        summary: 'Change the text of a subject',
        description: 'Its books show the new text at once, and are found by it within moments.',
        params: idPath,
        body: SubjectInput,
        response: { 200: Subject },
      },
    },
    async (request, reply) => {
      const subject = await renameSubject(
        deps,
        request.requireIdentity(),
        request.params.id,
        request.body,
        (version) => requireMatch(request, version),
      )
      reply.header('etag', etagOf(subject.version))
      return subject
    },
  )
}
