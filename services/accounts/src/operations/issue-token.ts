import { sql } from '@colophon/postgres'
import { signAccessToken } from '../access-tokens.ts'
import { isAccount } from '../accounts.ts'
import type { Deps } from '../deps.ts'
import { longestTokenSeconds } from '../lifetimes.ts'
import { problem } from '../problems.ts'
import type { Role } from '../roles.ts'

export interface ScriptToken {
  /** The one role the token has. */
  role: Role
  /** Whose name it acts in; the first admin's when absent. */
  email?: string
  /** How long it is good for: 60 seconds to 30 days; an hour when absent. */
  expiresInSeconds?: number
}

export interface IssuedToken {
  accessToken: string
  tokenType: 'Bearer'
  /** Seconds. */
  expiresIn: number
  accountId: string
}

/**
 * An access token for a script. It cannot be refreshed. One for more than 15 minutes ends early, within 15 seconds,
 * when the roles or the password of its account are set.
 * @throws Problem `account_not_found`, `role_not_held`; RangeError for an expiry that is too short or too long
 */
export async function issueToken(
  deps: Deps,
  { role, email, expiresInSeconds = 3600 }: ScriptToken,
): Promise<IssuedToken> {
  if (!(expiresInSeconds >= 60 && expiresInSeconds <= longestTokenSeconds)) {
    throw new RangeError(`a token is good for 60 to ${longestTokenSeconds} seconds, not ${expiresInSeconds}`)
  }
  const who = email === undefined ? sql`'admin' = ANY (roles)` : isAccount({ email })
  const account = await deps.db.maybeOne<{ id: string; roles: Role[]; version: number }>(sql`
    SELECT id, roles, version FROM accounts.accounts WHERE ${who} ORDER BY id LIMIT 1`)
  if (!account) throw problem('account_not_found', `there is no account ${email ?? 'that is an admin'}`)
  // An admin may act in any role; nobody else may act in one they do not hold.
  if (!account.roles.includes('admin') && !account.roles.includes(role)) {
    throw problem('role_not_held', `${email} is not ${role}: give the account that role first`)
  }
  const expiresIn = Math.floor(expiresInSeconds)
  const accessToken = await signAccessToken(
    deps,
    { accountId: account.id, roles: [role] },
    { expiresInSeconds: expiresIn, accountVersion: account.version },
  )
  deps.logger.info({ accountId: account.id, role, expiresIn }, 'token issued for a script')
  return { accessToken, tokenType: 'Bearer', expiresIn, accountId: account.id }
}
