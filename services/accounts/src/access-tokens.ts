import { SignJWT } from 'jose'
import type { Deps } from './deps.ts'
import { noteLongToken } from './key-store.ts'
import { accessTokenSeconds } from './lifetimes.ts'
import { actingRoles, type Role } from './roles.ts'
import { signingAlgorithm } from './signing-keys.ts'

type Signing = Pick<Deps, 'db' | 'keys' | 'clock' | 'newId' | 'issuer' | 'audience'>

/** Signs an access token (RFC 9068) that lets its bearer act as the account in these roles. */
export async function signAccessToken(
  { db, keys, clock, newId, issuer, audience }: Signing,
  { accountId, roles }: { accountId: string; roles: readonly Role[] },
  expiresInSeconds = accessTokenSeconds,
): Promise<string> {
  const { id, privateKey } = await keys.current()
  const issuedAt = Math.floor(clock().getTime() / 1000)
  const expiresAt = issuedAt + expiresInSeconds
  if (expiresInSeconds > accessTokenSeconds) await noteLongToken(db, id, new Date(expiresAt * 1000))
  return new SignJWT({ roles: actingRoles(roles) })
    .setProtectedHeader({ alg: signingAlgorithm, kid: id, typ: 'at+jwt' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(accountId)
    .setIssuedAt(issuedAt)
    .setExpirationTime(expiresAt)
    .setJti(newId())
    .sign(privateKey)
}
