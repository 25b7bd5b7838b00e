import { uuid } from '@colophon/http'
import Type, { type Static } from 'typebox'
import { nameText } from '../schemas.ts'

const name = nameText('The publisher or imprint')

export const Publisher = Type.Object(
  { id: uuid(), name, version: Type.Integer({ minimum: 1 }) },
  { title: 'Publisher', additionalProperties: false },
)
export type Publisher = Static<typeof Publisher>

export const PublisherDetail = Type.Object(
  {
    ...Publisher.properties,
    books: Type.Integer({ minimum: 0, description: 'How many there are of it' }),
    booksIsExact: Type.Boolean({ description: 'False when the number of very many books is an estimate' }),
  },
  { title: 'PublisherDetail', additionalProperties: false },
)
export type PublisherDetail = Static<typeof PublisherDetail>

/** A publisher as staff write it. */
export const PublisherInput = Type.Object(
  {
    name,
    id: Type.Optional(uuid({ description: 'Ignored: so that a publisher as read can be sent back' })),
    version: Type.Optional(Type.Integer({ description: 'Ignored: If-Match decides' })),
    books: Type.Optional(Type.Integer({ description: 'Ignored' })),
    booksIsExact: Type.Optional(Type.Boolean({ description: 'Ignored' })),
  },
  { title: 'PublisherInput', additionalProperties: false, examples: [{ name: 'Scholastic Press' }] },
)
export type PublisherInput = Static<typeof PublisherInput>
