import { timestamp } from '@colophon/http'
import Type from 'typebox'
import { literals } from '../schemas.ts'

/** What one field was and has been since. */
export const FieldChange = Type.Object(
  {
    field: Type.String({ examples: ['price'] }),
    before: Type.Unknown({ description: 'What it was' }),
    after: Type.Unknown({ description: 'What it has been since' }),
  },
  { title: 'FieldChange', additionalProperties: false },
)

/** What somebody did to a contributor, a publisher or a subject. */
export const NameChange = Type.Object(
  {
    version: Type.Integer({ minimum: 1, description: 'The version it made' }),
    at: timestamp(),
    actor: Type.String({ description: "An account's id" }),
    action: literals(['created', 'replaced', 'deleted'], { description: 'What was done' }),
    changes: Type.Array(FieldChange, {
      description: 'From null where it was made, to null where it was removed',
    }),
  },
  { title: 'NameChange', additionalProperties: false },
)
