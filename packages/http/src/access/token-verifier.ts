import { type CryptoKey, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { httpProblem } from '../problems/http-problems.ts'
import type { Identity } from './access.ts'

export interface TokenVerifierOptions {
  /** The `iss` that tokens must have. */
  readonly issuer: string
  /** The `aud` that tokens must have. */
  readonly audience: string
  /** The public key for a token's header: a JWKS getter of jose, or a function of one's own. */
  readonly keys: JWTVerifyGetKey | (() => Promise<CryptoKey>)
  /** The algorithms that are trusted, such as `ES256`; a token's own header does not choose. */
  readonly algorithms: readonly string[]
  /** Whether a token that is otherwise good still stands, by its claims: the way to take one back before it expires. */
  readonly isStanding?: (claims: JWTPayload) => Promise<boolean>
  /** Milliseconds since the epoch. */
  readonly clock?: () => number
}

const leewaySeconds = 5

/** What jose throws because of the token; the rest is a failure to get the keys and says nothing about it. */
const refusals = [
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWKSNoMatchingKey,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JWTClaimValidationFailed,
  errors.JWTInvalid,
]

/**
 * Verifies access tokens (RFC 9068: JWT with `typ: at+jwt`) and reads the account (`sub`) and its `roles`.
 * The function it returns throws Problem `invalid_token` for a token that is malformed, signed by another key or
 * with another algorithm, of another issuer or audience, expired, issued in the future, or taken back.
 */
export function createTokenVerifier(options: TokenVerifierOptions): (token: string) => Promise<Identity> {
  const clock = options.clock ?? Date.now
  return async (token) => {
    const now = clock()
    try {
      const { payload } = await jwtVerify(token, options.keys as JWTVerifyGetKey, {
        issuer: options.issuer,
        audience: options.audience,
        algorithms: [...options.algorithms],
        typ: 'at+jwt',
        clockTolerance: leewaySeconds,
        currentDate: new Date(now),
        requiredClaims: ['sub', 'exp', 'iat'],
      })
      const identity = identityOf(payload, now)
      if (options.isStanding && !(await options.isStanding(payload))) throw invalidToken('it was taken back')
      return identity
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw invalidToken('it has expired', error)
      if (refusals.some((refusal) => error instanceof refusal))
        throw invalidToken('it is not one of ours', error)
      throw error
    }
  }
}

function identityOf(payload: JWTPayload, nowMs: number): Identity {
  const { sub, iat, roles } = payload
  if (!sub) throw invalidToken('it names no account')
  if (iat === undefined || iat > nowMs / 1000 + leewaySeconds)
    throw invalidToken('it was issued in the future')
  if (!Array.isArray(roles) || !roles.every((role) => typeof role === 'string')) {
    throw invalidToken('it states no roles')
  }
  return { accountId: sub, roles }
}

/** A bearer token that cannot be accepted (RFC 6750, section 3.1); `why` is ASCII without quotes and backslashes. */
export function invalidToken(why: string, cause?: unknown) {
  return httpProblem('invalid_token', `the bearer token is refused: ${why}`, {
    headers: { 'www-authenticate': `Bearer error="invalid_token", error_description="${why}"` },
    ...(cause !== undefined && { cause }),
  })
}
