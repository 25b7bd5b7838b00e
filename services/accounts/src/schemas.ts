import { line, timestamp, uuid } from '@colophon/http'
import Type, { type Static, type TProperties } from 'typebox'
import { historyActions } from './accounts/history.ts'
import { longestName } from './accounts/names.ts'
import { roles } from './accounts/roles.ts'
import { longestPassword, shortestPassword, shortestStaffPassword } from './passwords/password-rule.ts'

export const Roles = Type.Array(
  Type.Enum([...roles], {
    type: 'string',
    description: 'A customer buys, staff runs the shop, an admin is staff and decides who is',
  }),
  { minItems: 1, maxItems: roles.length },
)

/** A person as the API shows one. */
export const Account = Type.Object(
  {
    id: uuid(),
    email: Type.String({ examples: ['ana@example.com'] }),
    name: Type.String({ examples: ['Ana'] }),
    roles: Roles,
    createdAt: timestamp(),
    version: Type.Integer({ minimum: 1 }),
  },
  { title: 'Account' },
)
export type Account = Static<typeof Account>

/** What somebody did to an account. */
export const AccountChange = Type.Object(
  {
    at: timestamp(),
    actor: Type.String({
      description: "An account's id, the command line, or the first start",
      examples: ['the command line'],
    }),
    action: Type.Enum([...historyActions], { type: 'string', description: 'What was done' }),
    detail: Type.Object(
      {
        roles: Type.Optional(Roles),
        rolesBefore: Type.Optional(Roles),
        expiresIn: Type.Optional(Type.Integer({ description: 'How long the token is good for, in seconds' })),
      },
      {
        description: 'The roles that the account has since, or the token; those before; the life of a token',
      },
    ),
  },
  { title: 'AccountChange' },
)
export type AccountChange = Static<typeof AccountChange>

/** An address that is to be an account's; its form is a rule of its own, `parseEmail`. */
export const Email = Type.String({ minLength: 3, maxLength: 254, examples: ['ana@example.com'] })

/** A password that is to be an account's. */
export const NewPassword = Type.String({
  minLength: shortestPassword,
  maxLength: longestPassword,
  description: `Of staff and admins at least ${shortestStaffPassword} characters; none of the most common ones, and not the e-mail address`,
  examples: ['a long enough one'],
})

/** A password that is only compared. */
export const GivenPassword = Type.String({ minLength: 1, maxLength: longestPassword })

export const Name = line({ maxLength: longestName, examples: ['Ana'] })

/** The body of a request. A member that is not known is refused: it may be one that was meant to be known. */
export function bodyOf<P extends TProperties>(properties: P) {
  return Type.Object(properties, { additionalProperties: false })
}

export const Credentials = bodyOf({ email: Email, password: GivenPassword })

export const RefreshToken = bodyOf({ refreshToken: Type.String({ minLength: 1, maxLength: 200 }) })

export const Tokens = Type.Object(
  {
    accessToken: Type.String({ description: 'A JWT to send as `Authorization: Bearer`' }),
    refreshToken: Type.String({ description: 'Good for one refresh; a second use ends the whole login' }),
    tokenType: Type.Literal('Bearer'),
    expiresIn: Type.Integer({ description: 'How long the access token is good for, in seconds' }),
  },
  { title: 'Tokens' },
)
