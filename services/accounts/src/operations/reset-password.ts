import { sql } from '@colophon/postgres'
import { type Account, type AccountRef, accountColumns, isAccount } from '../accounts.ts'
import type { Deps } from '../deps.ts'
import { passwordFlaw } from '../passwords.ts'
import { problem } from '../problems.ts'
import { endLogins } from './end-logins.ts'
import { refusedField } from './register-account.ts'

/**
 * Gives an account a new password without knowing the old one, for those who have forgotten theirs, and ends
 * all its sessions, refresh tokens and longer-lived tokens of scripts.
 * @throws Problem `account_not_found`, `validation_failed` for a password that cannot be used
 */
export async function resetPassword(
  { db, hasher, logger }: Pick<Deps, 'db' | 'hasher' | 'logger'>,
  who: AccountRef,
  password: string,
): Promise<Account> {
  const known = await db.maybeOne<Account>(
    sql`SELECT ${accountColumns} FROM accounts.accounts WHERE ${isAccount(who)}`,
  )
  if (!known)
    throw problem('account_not_found', 'there is no such account: look it up in the list of accounts')
  const flaw = passwordFlaw(password, known.email)
  if (flaw) throw refusedField('password', flaw.code, flaw.message)
  const hash = await hasher.hash(password)
  const account = await db.transaction(async (tx) => {
    const updated = await tx.one<Account>(sql`
      UPDATE accounts.accounts
      SET password_hash = ${hash}, password_version = password_version + 1, version = version + 1
      WHERE id = ${known.id} RETURNING ${accountColumns}`)
    await endLogins(tx, known.id, null)
    return updated
  })
  logger.info({ accountId: account.id }, 'password reset')
  return account
}
