import type { App } from '@colophon/http'
import { sql } from '@colophon/postgres'
import { signAccessToken } from '../access-tokens.ts'
import type { Deps } from '../deps.ts'
import { accessTokenSeconds, expiryAfterUse } from '../lifetimes.ts'
import { challenge, problem } from '../problems.ts'
import { judgeRefresh, type RefreshVerdict } from '../refresh-rule.ts'
import type { Role } from '../roles.ts'
import { RefreshTokenSchema, TokensSchema } from '../schemas.ts'
import { formatRefreshToken, newSecret, parseRefreshToken } from '../secret-tokens.ts'

/** POST /api/tokens/refresh: a refresh token is exchanged for the next one. */
export function refreshToken(app: App, deps: Deps): void {
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
        body: RefreshTokenSchema,
        response: { 200: TokensSchema },
      },
    },
    async (request, reply) => {
      const rotated = await rotate(deps, request.body.refreshToken)
      if (!rotated) {
        const detail = 'it has expired, was used or was revoked: sign in again'
        throw problem('invalid_refresh_token', detail, { headers: challenge })
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
async function rotate({ db, clock, logger }: Deps, token: string): Promise<Rotated | null> {
  const presented = parseRefreshToken(token)
  if (!presented) return null
  const { familyId } = presented
  const now = clock()
  return db.transaction(async (tx) => {
    const family = await tx.maybeOne<FamilyRow>(sql`
      SELECT account_id AS "accountId", roles, token_hash AS "tokenHash", started_at AS "startedAt",
        expires_at AS "expiresAt"
      FROM accounts.refresh_tokens AS family JOIN accounts.accounts AS account ON account.id = account_id
      WHERE family_id = ${familyId} FOR UPDATE OF family`)
    if (!family) return null
    const { accountId, roles } = family
    const expiresAt = new Date(family.expiresAt)
    const verdict: RefreshVerdict = judgeRefresh({ ...family, expiresAt }, presented.hash, now)
    if (verdict !== 'rotate') {
      await tx.query(sql`DELETE FROM accounts.refresh_tokens WHERE family_id = ${familyId}`)
      if (verdict === 'replayed')
        logger.warn({ accountId }, 'a used refresh token came again: its login is ended')
      return null
    }
    const { secret, hash } = newSecret()
    await tx.query(sql`
      UPDATE accounts.refresh_tokens
      SET token_hash = ${hash}, expires_at = ${expiryAfterUse(new Date(family.startedAt), now)}
      WHERE family_id = ${familyId}`)
    return { accountId, roles, refreshToken: formatRefreshToken(familyId, secret) }
  })
}
