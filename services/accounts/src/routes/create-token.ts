import type { App } from '@colophon/http'
import { sql } from '@colophon/postgres'
import { signAccessToken } from '../access-tokens.ts'
import type { Deps } from '../deps.ts'
import { accessTokenSeconds, expiryAfterUse } from '../lifetimes.ts'
import { checkCredentials, invalidCredentials, verifiedAccount } from '../operations/check-credentials.ts'
import { CredentialsSchema, TokensSchema } from '../schemas.ts'
import { formatRefreshToken, newSecret } from '../secret-tokens.ts'

/** POST /api/tokens: a script signs in. */
export function createToken(app: App, deps: Deps): void {
  app.post(
    '/api/tokens',
    {
      config: { access: 'public', problems: ['invalid_credentials'] },
      schema: {
        tags: ['Tokens'],
        operationId: 'createToken',
        summary: 'Sign in with an e-mail address and a password',
        body: CredentialsSchema,
        response: { 200: TokensSchema },
      },
    },
    async (request, reply) => {
      const verified = await checkCredentials(deps, request.body, request.ip)
      const { account } = verified
      const now = deps.clock()
      const { secret, hash } = newSecret()
      const started = await deps.db.maybeOne<{ familyId: string }>(sql`
        WITH account AS (${verifiedAccount(verified)})
        INSERT INTO accounts.refresh_tokens (family_id, account_id, token_hash, started_at, expires_at)
        SELECT ${deps.newId()}, id, ${hash}, ${now}, ${expiryAfterUse(now, now)} FROM account
        RETURNING family_id AS "familyId"`)
      if (!started) throw invalidCredentials()
      const accessToken = await signAccessToken(deps, { accountId: account.id, roles: account.roles })
      const refreshToken = formatRefreshToken(started.familyId, secret)
      reply.header('cache-control', 'no-store')
      return { accessToken, refreshToken, tokenType: 'Bearer' as const, expiresIn: accessTokenSeconds }
    },
  )
}
