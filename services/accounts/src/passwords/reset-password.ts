import { sql } from '@colophon/postgres'
import { type AccountRef, accountColumns, isAccount } from '../accounts/account.ts'
import { recordHistory } from '../accounts/history.ts'
import type { AccountsDeps } from '../deps.ts'
import { endLogins } from '../logins/end-logins.ts'
import { accountNotFound, refusedField } from '../problems.ts'
import type { Account } from '../schemas.ts'
import { passwordFlaw } from './password-rule.ts'

/**
 * Gives an account a new password without knowing the old one, for those who have forgotten theirs, and ends
 * all its sessions, refresh tokens and longer-lived tokens of scripts.
 * @param by who does it: an account's id, or `commandLine`
 * @throws Problem `account_not_found`, `validation_failed` for a password that cannot be used
 */
export async function resetPassword(
  { database, hasher, logger, now }: Pick<AccountsDeps, 'database' | 'hasher' | 'logger' | 'now'>,
  who: AccountRef,
  password: string,
  by: string,
): Promise<Account> {
  const known = await database.maybeOne<Account>(
    sql`select ${accountColumns} from accounts.accounts where ${isAccount(who)}`,
  )
  if (!known) throw accountNotFound()
  const flaw = passwordFlaw(password, known)
  if (flaw) throw refusedField('password', flaw.code, flaw.message)
  const hash = await hasher.hash(password)
  const account = await database.transaction(async (tx) => {
    const updated = await tx.one<Account>(sql`
      update accounts.accounts
      set password_hash = ${hash}, password_version = password_version + 1, version = version + 1
      where id = ${known.id} returning ${accountColumns}`)
    await endLogins(tx, known.id, null)
    await recordHistory(tx, { accountId: known.id, actor: by, action: 'password_reset' }, now())
    return updated
  })
  logger.info({ accountId: account.id }, 'password reset')
  return account
}
