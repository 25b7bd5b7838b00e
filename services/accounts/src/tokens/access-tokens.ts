import { SignJWT } from 'jose'
import { actingRoles, type Role } from '../accounts/roles.ts'
import type { AccountsDeps } from '../deps.ts'
import { noteLongToken } from '../keys/key-store.ts'
import { signingAlgorithm } from '../keys/signing-keys.ts'
import { accessTokenSeconds } from '../logins/lifetimes.ts'
import { accountVersionClaim } from './token-check.ts'

type Signing = Pick<AccountsDeps, 'database' | 'keys' | 'now' | 'newId' | 'issuer' | 'audience'>

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
  { database, keys, now, newId, issuer, audience }: Signing,
  { accountId, roles }: Bearer,
  script?: ScriptLife,
): Promise<string> {
  const { id, privateKey } = await keys.current()
  const issuedAt = Math.floor(now().getTime() / 1000)
  const expiresAt = issuedAt + (script?.expiresInSeconds ?? accessTokenSeconds)
  const isLong = expiresAt - issuedAt > accessTokenSeconds
  if (isLong) await noteLongToken(database, id, new Date(expiresAt * 1000))
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
