import { timestamp } from '@colophon/http'
import Type from 'typebox'
import { FieldChange, literals } from '../schemas.ts'

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
