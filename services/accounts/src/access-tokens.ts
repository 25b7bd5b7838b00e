import { SignJWT } from 'jose'
import type { Deps } from './deps.ts'
import { noteLongToken } from './key-store.ts'
import { accessTokenSeconds } from './lifetimes.ts'
import { actingRoles, type Role } from './roles.ts'
import { signingAlgorithm } from './signing-keys.ts'
import { accountVersionClaim } from './token-check.ts'

type Signing = Pick<Deps, 'db' | 'keys' | 'clock' | 'newId' | 'issuer' | 'audience'>

/** Whom an access token is for. */
export interface Bearer {
  readonly accountId: string
  readonly roles: readonly Role[]
}

/** How long a token of a script is good for, and the version of its account that it is good with. */
export interface ScriptLife {
  readonly expiresInSeconds: number
  readonly accountVersion: number
}

/**
 * Signs an access token (RFC 9068) that lets its bearer act as the account in these roles: for 15 minutes, or as long
 * as a script asks. One that lives longer than 15 minutes can be taken back: see `createTokenCheck`.
 */
export async function signAccessToken(
  { db, keys, clock, newId, issuer, audience }: Signing,
  { accountId, roles }: Bearer,
  script?: ScriptLife,
): Promise<string> {
  const { id, privateKey } = await keys.current()
  const issuedAt = Math.floor(clock().getTime() / 1000)
  const expiresAt = issuedAt + (script?.expiresInSeconds ?? accessTokenSeconds)
  const isLong = expiresAt - issuedAt > accessTokenSeconds
  if (isLong) await noteLongToken(db, id, new Date(expiresAt * 1000))
  const ending = isLong ? { [accountVersionClaim]: script?.accountVersion } : {}
  return new SignJWT({ roles: actingRoles(roles), ...ending })
    .setProtectedHeader({ alg: signingAlgorithm, kid: id, typ: 'at+jwt' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(accountId)
    .setIssuedAt(issuedAt)
    .setExpirationTime(expiresAt)
    .setJti(newId())
    .sign(privateKey)
}
