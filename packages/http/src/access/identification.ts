import type { FastifyRequest } from 'fastify'
import type { Identifier, Identity } from './access.ts'
import { sessionCookie } from './session-cookie.ts'
import { invalidToken } from './token-verifier.ts'

const bearer = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i

/**
 * Finds out who sent a request, or undefined at once when it carries nothing to tell by.
 * A bearer token wins over a cookie, and a bad one is refused even where none is needed: ignoring it would hide the
 * mistake. A session that has ended is nobody, since browsers go on sending its cookie.
 */
export function createIdentification(identify: Identifier, checkOrigin: (request: FastifyRequest) => void) {
  return (request: FastifyRequest): Promise<Identity | null> | undefined => {
    const { authorization } = request.raw.headers
    if (authorization !== undefined) return byToken(authorization)
    // Whether or not there is a cookie already: signing in gives one, and a page of another site must not.
    if (request.headers.origin !== undefined) checkOrigin(request)
    const cookie = request.cookies[sessionCookie]
    return cookie ? bySession(cookie, request) : undefined
  }

  async function byToken(authorization: string): Promise<Identity> {
    const token = bearer.exec(authorization)?.[1]
    if (token === undefined) throw invalidToken('the header must be Authorization: Bearer and a token')
    return identify.bearer(token)
  }

  async function bySession(cookie: string, request: FastifyRequest): Promise<Identity | null> {
    const identity = await identify.session(cookie)
    if (identity) checkOrigin(request)
    return identity
  }
}
