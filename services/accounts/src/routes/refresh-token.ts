import type { App } from '@colophon/http'
import { sql } from '@colophon/postgres'
import type { Role } from '../accounts/roles.ts'
import type { AccountsDeps } from '../deps.ts'
import { accessTokenSeconds, expiryAfterUse } from '../logins/lifetimes.ts'
import { judgeRefresh, type RefreshVerdict } from '../logins/refresh-rule.ts'
import { formatRefreshToken, newSecret, parseRefreshToken } from '../logins/secret-tokens.ts'
import { accountsProblem, challenge } from '../problems.ts'
import { RefreshToken, Tokens } from '../schemas.ts'
import { signAccessToken } from '../tokens/access-tokens.ts'

/** POST /api/tokens/refresh: a refresh token is exchanged for the next one. */
export function refreshTokenRoute(app: App, deps: AccountsDeps): void {
  app.post(
    '/api/tokens/refresh',
    {
      config: { access: 'public', problems: ['invalid_refresh_token'] },
      schema: {
        tags: ['Tokens'],
        operationId: 'refreshToken',
        summary: 'Exchange a refresh token',
        description:
          'The old one is used up. Using one again ends the login it came from, since one of the two users is not ' +
          'its owner: refresh from one place at a time, and sign in again when an answer was lost.',
        body: RefreshToken,
        response: { 200: Tokens },
      },
    },
    async (request, reply) => {
      const rotated = await rotate(deps, request.body.refreshToken)
      if (!rotated) {
        const detail = 'it has expired, was used or was revoked: sign in again'
        throw accountsProblem('invalid_refresh_token', detail, { headers: challenge })
      }
      reply.header('cache-control', 'no-store')
      return {
        accessToken: await signAccessToken(deps, rotated),
        refreshToken: rotated.refreshToken,
        tokenType: 'Bearer' as const,
        expiresIn: accessTokenSeconds,
      }
    },
  )
}

interface FamilyRow {
  accountId: string
  roles: Role[]
  tokenHash: Buffer
  startedAt: string
  expiresAt: string
}

interface Rotated {
  accountId: string
  roles: Role[]
  refreshToken: string
}

/** Puts a new token in the place of the presented one, or ends the family; null when there is nothing to give. */
async function rotate({ database, now, logger }: AccountsDeps, token: string): Promise<Rotated | null> {
  const presented = parseRefreshToken(token)
  if (!presented) return null
  const { familyId } = presented
  const at = now()
  return database.transaction(async (tx) => {
    const family = await tx.maybeOne<FamilyRow>(sql`
      select account_id as "accountId", roles, token_hash as "tokenHash", started_at as "startedAt",
        expires_at as "expiresAt"
      from accounts.refresh_tokens as family join accounts.accounts as account on account.id = account_id
      where family_id = ${familyId} for update of family`)
    if (!family) return null
    const { accountId, roles } = family
    const expiresAt = new Date(family.expiresAt)
    const verdict: RefreshVerdict = judgeRefresh({ ...family, expiresAt }, presented.hash, at)
    if (verdict !== 'rotate') {
      await tx.query(sql`delete from accounts.refresh_tokens where family_id = ${familyId}`)
      if (verdict === 'replayed')
        logger.warn({ accountId }, 'a used refresh token came again: its login is ended')
      return null
    }
    const { secret, hash } = newSecret()
    await tx.query(sql`
      update accounts.refresh_tokens
      set token_hash = ${hash}, expires_at = ${expiryAfterUse(new Date(family.startedAt), at)}
      where family_id = ${familyId}`)
    return { accountId, roles, refreshToken: formatRefreshToken(familyId, secret) }
  })
}
