import { nullable, uuid } from '@colophon/http'
import Type, { type Static } from 'typebox'
import { literals, nameText, Role } from '../schemas.ts'

const kind = literals(['person', 'organisation'], { description: 'What a contributor is' })
const name = nameText('As books credit it')
const sortName = nameText('As lists sort it: "Rowling, J. K."')
const disambiguation = Type.String({
  maxLength: 200,
  description: 'Tells two contributors of one name apart',
  examples: ['historian, born 1950'],
})

/** Who made books, as everybody reads it. */
export const Contributor = Type.Object(
  {
    id: uuid(),
    name,
    sortName,
    kind,
    disambiguation: nullable(disambiguation),
    version: Type.Integer({ minimum: 1 }),
  },
  { title: 'Contributor', additionalProperties: false },
)
export type Contributor = Static<typeof Contributor>

export const ContributorDetail = Type.Object(
  {
    ...Contributor.properties,
    roles: Type.Array(
      Type.Object(
        { role: Role, books: Type.Integer({ minimum: 1 }) },
        { title: 'RoleCount', additionalProperties: false },
      ),
      { description: 'In how many books it is credited, by role' },
    ),
  },
  { title: 'ContributorDetail', additionalProperties: false },
)
export type ContributorDetail = Static<typeof ContributorDetail>

/** A contributor as staff write it. */
export const ContributorInput = Type.Object(
  {
    name,
    sortName: Type.Optional(
      nullable(nameText('Worked out from the name when left out: a family name comes first')),
    ),
    kind: Type.Optional(kind),
    disambiguation: Type.Optional(nullable(disambiguation)),
    id: Type.Optional(uuid({ description: 'Ignored: so that a contributor as read can be sent back' })),
    version: Type.Optional(Type.Integer({ description: 'Ignored: If-Match decides' })),
    roles: Type.Optional(Type.Array(Type.Unknown(), { maxItems: 100, description: 'Ignored' })),
  },
  {
    title: 'ContributorInput',
    additionalProperties: false,
    examples: [{ name: 'J. K. Rowling', sortName: 'Rowling, J. K.', kind: 'person' }],
  },
)
export type ContributorInput = Static<typeof ContributorInput>
