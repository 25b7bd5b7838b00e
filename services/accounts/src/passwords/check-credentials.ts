import { clientKey } from '@colophon/http'
import { type Sql, sql } from '@colophon/postgres'
import { accountColumns } from '../accounts/account.ts'
import { parseEmail } from '../accounts/email.ts'
import type { AccountsDeps } from '../deps.ts'
import { accountsProblem, challenge } from '../problems.ts'
import { takeAttempt } from '../rate-limits.ts'
import type { Account } from '../schemas.ts'

/** An account whose password was just given. */
export interface Verified {
  account: Account
  /** Which password it was: a login fails when it changes before the login is written down. */
  passwordVersion: number
}

type CredentialRow = Account & { passwordHash: string; passwordVersion: number }

/**
 * Checks an address and a password. The answer is alike in words, work and limits whether or not there is an
 * account with that address.
 * @param client the network address it came from
 * @throws Problem `invalid_credentials`, `rate_limited`
 */
export async function checkCredentials(
  deps: AccountsDeps,
  { email, password }: { email: string; password: string },
  client: string,
): Promise<Verified> {
  const { database, hasher, logger, now, limiters } = deps
  const key = parseEmail(email)?.key ?? email
  const network = clientKey(client)
  takeAttempt(limiters.logins, network, now())
  // By the network too, so that nobody is kept out of their account by a stranger who guesses at it.
  takeAttempt(limiters.passwords, `${network} ${key}`, now())
  takeAttempt(limiters.addresses, key, now())
  const row = await database.maybeOne<CredentialRow>(sql`
    select ${accountColumns}, password_hash as "passwordHash", password_version as "passwordVersion"
    from accounts.accounts where email_key = ${key}`)
  const right = await hasher.verify(password, row?.passwordHash ?? (await deps.decoyHash()))
  if (!row || !right) {
    logger.info({ accountId: row?.id ?? null, client }, 'login refused')
    throw invalidCredentials()
  }
  const { passwordHash, passwordVersion, ...account } = row
  if (hasher.isOutdated(passwordHash)) await renewHash(deps, row, password)
  return { account, passwordVersion }
}

export function invalidCredentials() {
  return accountsProblem('invalid_credentials', 'no account has this e-mail address and this password', {
    headers: challenge,
  })
}

/**
 * SQL: the row of a verified account, locked until the end of the transaction; none when its password was
 * changed since. What is inserted from it is therefore there for that change to delete, or not at all.
 */
export function verifiedAccount({ account, passwordVersion }: Verified): Sql {
  return sql`
    select id from accounts.accounts
    where id = ${account.id} and password_version = ${passwordVersion} for share`
}

/** Hashes the password at today's cost, unless it was changed meanwhile. */
async function renewHash(
  { database, hasher }: AccountsDeps,
  row: CredentialRow,
  password: string,
): Promise<void> {
  const hash = await hasher.hash(password)
  await database.query(sql`
    update accounts.accounts set password_hash = ${hash}
    where id = ${row.id} and password_version = ${row.passwordVersion}`)
}
