import { uuid } from '@colophon/http'
import Type, { type Static } from 'typebox'
import { nameText, SubjectReference } from '../schemas.ts'

const { scheme, code } = SubjectReference.properties
const text = nameText('For people')

export const Subject = Type.Object(
  { id: uuid(), scheme, code, text, version: Type.Integer({ minimum: 1 }) },
  { title: 'Subject', additionalProperties: false },
)
export type Subject = Static<typeof Subject>

export const SubjectDetail = Type.Object(
  {
    ...Subject.properties,
    books: Type.Integer({ minimum: 0, description: 'How many there are on it' }),
    booksIsExact: Type.Boolean({ description: 'False when the number of very many books is an estimate' }),
  },
  { title: 'SubjectDetail', additionalProperties: false },
)
export type SubjectDetail = Static<typeof SubjectDetail>

/** A subject as staff write it: its code is what it is, so that only the text can be changed. */
export const SubjectInput = Type.Object(
  {
    text,
    id: Type.Optional(uuid({ description: 'Ignored: so that a subject as read can be sent back' })),
    scheme: Type.Optional(Type.String({ maxLength: 32, description: 'Ignored' })),
    code: Type.Optional(Type.String({ maxLength: 100, description: 'Ignored' })),
    version: Type.Optional(Type.Integer({ description: 'Ignored: If-Match decides' })),
    books: Type.Optional(Type.Integer({ description: 'Ignored' })),
    booksIsExact: Type.Optional(Type.Boolean({ description: 'Ignored' })),
  },
  { title: 'SubjectInput', additionalProperties: false, examples: [{ text: 'Epic fantasy' }] },
)
export type SubjectInput = Static<typeof SubjectInput>
