import { sql } from '@colophon/postgres'
import { isAccount } from '../accounts/account.ts'
import { recordHistory } from '../accounts/history.ts'
import type { Role } from '../accounts/roles.ts'
import type { AccountsDeps } from '../deps.ts'
import { longestTokenSeconds } from '../logins/lifetimes.ts'
import { accountsProblem } from '../problems.ts'
import { signAccessToken } from './access-tokens.ts'

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
 * @param by who asks for it: an account's id, or `commandLine`
 * @throws Problem `account_not_found`, `role_not_held`; RangeError for an expiry that is too short or too long
 */
export async function issueToken(
  deps: AccountsDeps,
  { role, email, expiresInSeconds = 3600 }: ScriptToken,
  by: string,
): Promise<IssuedToken> {
  if (!(expiresInSeconds >= 60 && expiresInSeconds <= longestTokenSeconds)) {
    throw new RangeError(`a token is good for 60 to ${longestTokenSeconds} seconds, not ${expiresInSeconds}`)
  }
  const who = email === undefined ? sql`'admin' = any (roles)` : isAccount({ email })
  const account = await deps.database.maybeOne<{ id: string; roles: Role[]; version: number }>(sql`
    select id, roles, version from accounts.accounts where ${who} order by id limit 1`)
  if (!account)
    throw accountsProblem('account_not_found', `there is no account ${email ?? 'that is an admin'}`)
  // An admin may act in any role; nobody else may act in one they do not hold.
  if (!account.roles.includes('admin') && !account.roles.includes(role)) {
    throw accountsProblem('role_not_held', `${email} is not ${role}: give the account that role first`)
  }
  const expiresIn = Math.floor(expiresInSeconds)
  const accessToken = await signAccessToken(
    deps,
    { accountId: account.id, roles: [role] },
    { expiresInSeconds: expiresIn, accountVersion: account.version },
  )
  // Before it is handed out, so that there is none without a trace.
  const detail = { roles: [role], expiresIn }
  const issued = { accountId: account.id, actor: by, action: 'token_issued', detail } as const
  await recordHistory(deps.database, issued, deps.now())
  deps.logger.info({ accountId: account.id, role, expiresIn }, 'token issued for a script')
  return { accessToken, tokenType: 'Bearer', expiresIn, accountId: account.id }
}
