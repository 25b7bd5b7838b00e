import { timestamp, uuid } from '@colophon/http'
import Type, { type TProperties } from 'typebox'
import { longestName } from './names.ts'
import { longestPassword, shortestPassword } from './passwords.ts'
import { roles } from './roles.ts'

export const RolesSchema = Type.Array(
  Type.Enum([...roles], {
    type: 'string',
    description: 'A customer buys, staff runs the shop, an admin is staff and decides who is',
  }),
  { minItems: 1, maxItems: roles.length },
)

export const AccountSchema = Type.Object(
  {
    id: uuid(),
    email: Type.String({ examples: ['ana@example.com'] }),
    name: Type.String({ examples: ['Ana'] }),
    roles: RolesSchema,
    createdAt: timestamp(),
    version: Type.Integer({ minimum: 1 }),
  },
  { title: 'Account' },
)

/** An address that is to be an account's; its form is a rule of its own, `parseEmail`. */
export const EmailSchema = Type.String({ minLength: 3, maxLength: 254, examples: ['ana@example.com'] })

/** A password that is to be an account's. */
export const NewPasswordSchema = Type.String({
  minLength: shortestPassword,
  maxLength: longestPassword,
  description: 'None of the most common ones, and not the e-mail address',
  examples: ['a long enough one'],
})

/** A password that is only compared. */
export const GivenPasswordSchema = Type.String({ minLength: 1, maxLength: longestPassword })

// Unicode's Cc in the ranges that every dialect of regular expressions knows: clients read the pattern too.
const control = '\\u0000-\\u001f\\u007f-\\u009f'

/** Text of one line with something in it. No character fits two parts of the pattern, so that it takes linear time. */
export const NameSchema = Type.String({
  maxLength: longestName,
  pattern: `^[^\\S${control}]*[^\\s${control}][^${control}]*$`,
  examples: ['Ana'],
})

/** The body of a request. A member that is not known is refused: it may be one that was meant to be known. */
export function bodyOf<P extends TProperties>(properties: P) {
  return Type.Object(properties, { additionalProperties: false })
}

export const CredentialsSchema = bodyOf({ email: EmailSchema, password: GivenPasswordSchema })

export const RefreshTokenSchema = bodyOf({ refreshToken: Type.String({ minLength: 1, maxLength: 200 }) })

export const TokensSchema = Type.Object(
  {
    accessToken: Type.String({ description: 'A JWT to send as `Authorization: Bearer`' }),
    refreshToken: Type.String({ description: 'Good for one refresh; a second use ends the whole login' }),
    tokenType: Type.Literal('Bearer'),
    expiresIn: Type.Integer({ description: 'How long the access token is good for, in seconds' }),
  },
  { title: 'Tokens' },
)
