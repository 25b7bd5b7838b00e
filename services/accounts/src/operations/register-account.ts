import { httpProblem } from '@colophon/http'
import { type Queryable, sql } from '@colophon/postgres'
import { type Account, accountColumns } from '../accounts.ts'
import type { Deps } from '../deps.ts'
import { parseEmail } from '../email.ts'
import { nameFlaw } from '../names.ts'
import { passwordFlaw } from '../passwords.ts'
import { problem } from '../problems.ts'
import { type Role, sortedRoles } from '../roles.ts'

export interface NewAccount {
  email: string
  password: string
  name: string
  /** Only `customer` when absent. */
  roles?: readonly Role[]
}

/**
 * Makes an account.
 * @throws Problem `validation_failed` for an address, a password or a name that cannot be used, `email_taken`
 */
export async function registerAccount(
  { db, hasher, clock, newId }: Pick<Deps, 'hasher' | 'clock' | 'newId'> & { db: Queryable },
  { email, password, name, roles = ['customer'] }: NewAccount,
): Promise<Account> {
  const address = parseEmail(email)
  if (!address) throw refusedField('email', 'email', 'must be an e-mail address')
  const flaw = passwordFlaw(password, address.address)
  if (flaw) throw refusedField('password', flaw.code, flaw.message)
  const wrong = nameFlaw(name)
  if (wrong) throw refusedField('name', wrong.code, wrong.message)
  const hash = await hasher.hash(password)
  const account = await db.maybeOne<Account>(sql`
    INSERT INTO accounts.accounts (id, email, email_key, name, roles, password_hash, created_at)
    VALUES (${newId()}, ${address.address}, ${address.key}, ${name.trim()}, ${sortedRoles(roles)}, ${hash}, ${clock()})
    ON CONFLICT (email_key) DO NOTHING
    RETURNING ${accountColumns}`)
  if (!account)
    throw problem('email_taken', `there is an account with the address ${address.address}: sign in instead`)
  return account
}

/** A member of the body that a rule refuses, in the words of a schema's refusal. */
export function refusedField(name: string, code: string, message: string) {
  return httpProblem('validation_failed', `${name} ${message}`, {
    errors: [{ path: `/${name}`, code, message }],
  })
}
