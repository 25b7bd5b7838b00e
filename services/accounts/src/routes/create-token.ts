import type { App } from '@colophon/http'
import { sql } from '@colophon/postgres'
import type { AccountsDeps } from '../deps.ts'
import { accessTokenSeconds, expiryAfterUse } from '../logins/lifetimes.ts'
import { formatRefreshToken, newSecret } from '../logins/secret-tokens.ts'
import { checkCredentials, invalidCredentials, verifiedAccount } from '../passwords/check-credentials.ts'
import { Credentials, Tokens } from '../schemas.ts'
import { signAccessToken } from '../tokens/access-tokens.ts'

/** POST /api/tokens: a script signs in. */
export function createTokenRoute(app: App, deps: AccountsDeps): void {
  app.post(
    '/api/tokens',
    {
      config: { access: 'public', problems: ['invalid_credentials'] },
      schema: {
        tags: ['Tokens'],
        operationId: 'createToken',
        summary: 'Sign in with an e-mail address and a password',
        body: Credentials,
        response: { 200: Tokens },
      },
    },
    async (request, reply) => {
      const verified = await checkCredentials(deps, request.body, request.ip)
      const { account } = verified
      const now = deps.now()
      const { secret, hash } = newSecret()
      const started = await deps.database.maybeOne<{ familyId: string }>(sql`
        with account as (${verifiedAccount(verified)})
        insert into accounts.refresh_tokens (family_id, account_id, token_hash, started_at, expires_at)
        select ${deps.newId()}, id, ${hash}, ${now}, ${expiryAfterUse(now, now)} from account
        returning family_id as "familyId"`)
      if (!started) throw invalidCredentials()
      const accessToken = await signAccessToken(deps, { accountId: account.id, roles: account.roles })
      const refreshToken = formatRefreshToken(started.familyId, secret)
      reply.header('cache-control', 'no-store')
      return { accessToken, refreshToken, tokenType: 'Bearer' as const, expiresIn: accessTokenSeconds }
    },
  )
}
