import { type App, sessionCookie, setSessionCookie } from '@colophon/http'
import { sql } from '@colophon/postgres'
import type { AccountsDeps } from '../deps.ts'
import { absoluteMs, expiryAfterUse } from '../logins/lifetimes.ts'
import { newSecret, secretHash } from '../logins/secret-tokens.ts'
import { checkCredentials, invalidCredentials, verifiedAccount } from '../passwords/check-credentials.ts'
import { Account, Credentials } from '../schemas.ts'

/** POST /api/session: a browser signs in. The session it had before ends. */
export function createSessionRoute(app: App, deps: AccountsDeps): void {
  app.post(
    '/api/session',
    {
      config: { access: 'public', problems: ['invalid_credentials'] },
      schema: {
        tags: ['Session'],
        operationId: 'createSession',
        summary: 'Sign in a browser',
        description: 'Sets an HttpOnly cookie. Ends after 30 days without use, and 90 days after the login.',
        body: Credentials,
        response: { 200: Account },
      },
    },
    async (request, reply) => {
      const verified = await checkCredentials(deps, request.body, request.ip)
      const now = deps.now()
      const { secret, hash } = newSecret()
      const [started] = await deps.database.query(sql`
        with account as (${verifiedAccount(verified)})
        insert into accounts.sessions (id, account_id, token_hash, started_at, expires_at)
        select ${deps.newId()}, id, ${hash}, ${now}, ${expiryAfterUse(now, now)} from account
        returning id`)
      if (!started) throw invalidCredentials()
      const before = request.cookies[sessionCookie]
      if (before)
        await deps.database.query(sql`delete from accounts.sessions where token_hash = ${secretHash(before)}`)
      // The cookie outlasts the idle time: whether the session is still good is decided here, at each use.
      setSessionCookie(reply, secret, absoluteMs / 1000)
      return verified.account
    },
  )
}
