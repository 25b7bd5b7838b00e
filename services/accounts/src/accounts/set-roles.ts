import { isDeepStrictEqual } from 'node:util'
import { sql } from '@colophon/postgres'
import type { AccountsDeps } from '../deps.ts'
import { accountNotFound, accountsProblem } from '../problems.ts'
import type { Account } from '../schemas.ts'
import { type AccountRef, accountColumns, isAccount } from './account.ts'
import { recordHistory } from './history.ts'
import { type Role, sortedRoles } from './roles.ts'

/**
 * Gives an account exactly these roles; where it has them, nothing changes. Sessions have them from their next
 * request on; an access token keeps those it was signed with until it expires, after 15 minutes, and a refresh brings
 * the new ones. Longer-lived tokens of scripts end.
 * @param by who does it: an account's id, or `commandLine`
 * @param checkVersion throws when this is not the version that the change was meant for
 * @throws Problem `account_not_found`, `last_admin`
 */
export async function setRoles(
  { database, logger, now }: Pick<AccountsDeps, 'database' | 'logger' | 'now'>,
  who: AccountRef,
  roles: readonly Role[],
  by: string,
  checkVersion: (version: number) => void = () => {},
): Promise<Account> {
  const { before, account } = await database.transaction(async (tx) => {
    // Locked in one order, so that two admins who take the role from each other do it one after the other.
    const admins = await tx.query<{ id: string }>(sql`
      select id from accounts.accounts where 'admin' = any (roles) order by id for update`)
    const before = await tx.maybeOne<Account>(sql`
      select ${accountColumns} from accounts.accounts where ${isAccount(who)} for update`)
    if (!before) throw accountNotFound()
    checkVersion(before.version)
    if (!roles.includes('admin') && admins.length === 1 && admins[0]?.id === before.id) {
      throw accountsProblem(
        'last_admin',
        `${before.email} is the only admin: make somebody else an admin first`,
      )
    }
    const kept = sortedRoles(roles)
    // A new version would end the account's long-lived tokens.
    if (isDeepStrictEqual(kept, before.roles)) return { before, account: before }
    const changed = await tx.one<Account>(sql`
      update accounts.accounts set roles = ${kept}, version = version + 1
      where id = ${before.id} returning ${accountColumns}`)
    const detail = { rolesBefore: before.roles, roles: changed.roles }
    await recordHistory(tx, { accountId: changed.id, actor: by, action: 'roles_set', detail }, now())
    return { before, account: changed }
  })
  if (account !== before) logger.info({ accountId: account.id, roles: account.roles, by }, 'roles changed')
  return account
}
