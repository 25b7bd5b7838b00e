import { httpProblem } from '../problems/http-problems.ts'

/**
 * Who may use a route: what it states in `config.access`, or else its scope in `scopeAccess`. One for which neither is
 * said stops the start.
 */
export type Access = 'public' | 'signed-in' | { readonly roles: readonly string[] }

/** Who sent a request. */
export interface Identity {
  readonly accountId: string
  readonly roles: readonly string[]
  /** The session it came by; absent for a bearer token. */
  readonly sessionId?: string
}

/** Turns what a request carries into who sent it. */
export interface Identifier {
  /** @throws Problem `invalid_token` when the token is not one of ours or no longer valid. */
  bearer(token: string): Promise<Identity>
  /** Null for a session that has ended or never was. */
  session(cookieValue: string): Promise<Identity | null>
}

/** Accounts that have at least one of the roles. */
export function anyOf(...roles: string[]): Access {
  return { roles }
}

/**
 * The rule of a route applied to who asks.
 * @throws Problem `unauthenticated` for nobody, `forbidden` for an account without the role.
 */
export function authorise(access: Access, identity: Identity | null): void {
  if (access === 'public') return
  if (!identity) throw unauthenticated()
  if (access === 'signed-in') return
  if (!access.roles.some((role) => identity.roles.includes(role))) {
    throw httpProblem('forbidden', `this needs the role ${access.roles.join(' or ')}`)
  }
}

/** Nobody is signed in where somebody must be (RFC 6750, section 3). */
export function unauthenticated() {
  return httpProblem('unauthenticated', 'send a bearer token, or sign in with a session cookie', {
    headers: { 'www-authenticate': 'Bearer' },
  })
}
