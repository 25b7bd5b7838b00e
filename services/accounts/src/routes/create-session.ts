import { type App, sessionCookie, setSessionCookie } from '@colophon/http'
import { sql } from '@colophon/postgres'
import type { Deps } from '../deps.ts'
import { absoluteMs, expiryAfterUse } from '../lifetimes.ts'
import { checkCredentials, invalidCredentials, verifiedAccount } from '../operations/check-credentials.ts'
import { AccountSchema, CredentialsSchema } from '../schemas.ts'
import { newSecret, secretHash } from '../secret-tokens.ts'

/** POST /api/session: a browser signs in. The session it had before ends. */
export function createSession(app: App, deps: Deps): void {
  app.post(
    '/api/session',
    {
      config: { access: 'public', problems: ['invalid_credentials'] },
      schema: {
        tags: ['Session'],
        operationId: 'createSession',
        summary: 'Sign in a browser',
        description: 'Sets an HttpOnly cookie. Ends after 30 days without use, and 90 days after the login.',
        body: CredentialsSchema,
        response: { 200: AccountSchema },
      },
    },
    async (request, reply) => {
      const verified = await checkCredentials(deps, request.body, request.ip)
      const now = deps.clock()
      const { secret, hash } = newSecret()
      const [started] = await deps.db.query(sql`
        WITH account AS (${verifiedAccount(verified)})
        INSERT INTO accounts.sessions (id, account_id, token_hash, started_at, expires_at)
        SELECT ${deps.newId()}, id, ${hash}, ${now}, ${expiryAfterUse(now, now)} FROM account
        RETURNING id`)
      if (!started) throw invalidCredentials()
      const before = request.cookies[sessionCookie]
      if (before)
        await deps.db.query(sql`DELETE FROM accounts.sessions WHERE token_hash = ${secretHash(before)}`)
      // The cookie outlasts the idle time: whether the session is still good is decided here, at each use.
      setSessionCookie(reply, secret, absoluteMs / 1000)
      return verified.account
    },
  )
}
