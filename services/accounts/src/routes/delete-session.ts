import { type App, clearSessionCookie, sessionCookie } from '@colophon/http'
import { sql } from '@colophon/postgres'
import Type from 'typebox'
import type { AccountsDeps } from '../deps.ts'
import { secretHash } from '../logins/secret-tokens.ts'

/** DELETE /api/session: a browser signs out. Public, so that a cookie whose session has ended goes too. */
export function deleteSessionRoute(app: App, { database }: AccountsDeps): void {
  app.delete(
    '/api/session',
    {
      config: { access: 'public' },
      schema: {
        tags: ['Session'],
        operationId: 'deleteSession',
        summary: 'Sign out a browser',
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const secret = request.cookies[sessionCookie]
      if (secret)
        await database.query(sql`delete from accounts.sessions where token_hash = ${secretHash(secret)}`)
      clearSessionCookie(reply)
      return reply.code(204).send(null)
    },
  )
}
