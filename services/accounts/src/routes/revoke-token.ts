import type { App } from '@colophon/http'
import { sql } from '@colophon/postgres'
import Type from 'typebox'
import type { AccountsDeps } from '../deps.ts'
import { parseRefreshToken } from '../logins/secret-tokens.ts'
import { RefreshToken } from '../schemas.ts'

/** POST /api/tokens/revoke: a script signs out. As RFC 7009 §2.2 has it, an unknown token is revoked already. */
export function revokeTokenRoute(app: App, { database }: AccountsDeps): void {
  app.post(
    '/api/tokens/revoke',
    {
      config: { access: 'public' },
      schema: {
        tags: ['Tokens'],
        operationId: 'revokeToken',
        summary: 'End the login that a refresh token belongs to',
        description: 'Its access token stays good until it expires, for 15 minutes at most.',
        body: RefreshToken,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const token = parseRefreshToken(request.body.refreshToken)
      // Any token of the family will do, used or not: its id is known to nobody else.
      if (token)
        await database.query(sql`delete from accounts.refresh_tokens where family_id = ${token.familyId}`)
      return reply.code(204).send(null)
    },
  )
}
