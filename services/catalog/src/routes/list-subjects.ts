import { type App, page, pageQuery } from '@colophon/http'
import Type from 'typebox'
import type { CatalogDeps } from '../deps.ts'
import { SubjectReference } from '../schemas.ts'
import { listSubjects } from '../subjects/list-subjects.ts'
import { Subject } from '../subjects/schemas.ts'
import { typedName } from './shared/typed-name.ts'

export function listSubjectsRoute(app: App, { database }: CatalogDeps): void {
  app.get(
    '/api/subjects',
    {
      config: { access: 'public', problems: ['invalid_cursor'] },
      schema: {
        tags: ['Subjects'],
        operationId: 'listSubjects',
        summary: 'List subjects by text',
        querystring: Type.Object({
          q: Type.Optional(typedName('Words of the text, or the code', 'epic fant')),
          scheme: Type.Optional(SubjectReference.properties.scheme),
          ...pageQuery.properties,
        }),
        response: { 200: page(Subject) },
      },
    },
    ({ query }) => listSubjects(database, query),
  )
}
