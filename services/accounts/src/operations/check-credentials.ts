import { clientKey } from '@colophon/http'
import { type Sql, sql } from '@colophon/postgres'
import { type Account, accountColumns } from '../accounts.ts'
import type { Deps } from '../deps.ts'
import { parseEmail } from '../email.ts'
import { challenge, problem } from '../problems.ts'
import { takeAttempt } from '../rate-limits.ts'

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
  deps: Deps,
  { email, password }: { email: string; password: string },
  client: string,
): Promise<Verified> {
  const { db, hasher, logger, clock, limiters } = deps
  const key = parseEmail(email)?.key ?? email
  const network = clientKey(client)
  takeAttempt(limiters.logins, network, clock())
  // By the network too, so that nobody is kept out of their account by a stranger who guesses at it.
  takeAttempt(limiters.passwords, `${network} ${key}`, clock())
  takeAttempt(limiters.addresses, key, clock())
  const row = await db.maybeOne<CredentialRow>(sql`
    SELECT ${accountColumns}, password_hash AS "passwordHash", password_version AS "passwordVersion"
    FROM accounts.accounts WHERE email_key = ${key}`)
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
  return problem('invalid_credentials', 'no account has this e-mail address and this password', {
    headers: challenge,
  })
}

/**
 * SQL: the row of a verified account, locked until the end of the transaction; none when its password was
 * changed since. What is inserted from it is therefore there for that change to delete, or not at all.
 */
export function verifiedAccount({ account, passwordVersion }: Verified): Sql {
  return sql`
    SELECT id FROM accounts.accounts
    WHERE id = ${account.id} AND password_version = ${passwordVersion} FOR SHARE`
}

/** Hashes the password at today's cost, unless it was changed meanwhile. */
async function renewHash({ db, hasher }: Deps, row: CredentialRow, password: string): Promise<void> {
  const hash = await hasher.hash(password)
  await db.query(sql`
    UPDATE accounts.accounts SET password_hash = ${hash}
    WHERE id = ${row.id} AND password_version = ${row.passwordVersion}`)
}
