import { httpProblem } from '@colophon/http'
import { type Queryable, sql } from '@colophon/postgres'
import type { AccountsDeps } from '../deps.ts'
import { passwordFlaw } from '../passwords/password-rule.ts'
import { accountsProblem } from '../problems.ts'
import type { Account } from '../schemas.ts'
import { accountColumns } from './account.ts'
import { parseEmail } from './email.ts'
import { nameFlaw } from './names.ts'
import { type Role, sortedRoles } from './roles.ts'

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
  { database, hasher, now, newId }: Pick<AccountsDeps, 'hasher' | 'now' | 'newId'> & { database: Queryable },
  { email, password, name, roles = ['customer'] }: NewAccount,
): Promise<Account> {
  const address = parseEmail(email)
  if (!address) throw refusedField('email', 'email', 'must be an e-mail address')
  const flaw = passwordFlaw(password, address.address)
  if (flaw) throw refusedField('password', flaw.code, flaw.message)
  const wrong = nameFlaw(name)
  if (wrong) throw refusedField('name', wrong.code, wrong.message)
  const hash = await hasher.hash(password)
  const account = await database.maybeOne<Account>(sql`
    insert into accounts.accounts (id, email, email_key, name, roles, password_hash, created_at)
    values (${newId()}, ${address.address}, ${address.key}, ${name.trim()}, ${sortedRoles(roles)}, ${hash}, ${now()})
    on conflict (email_key) do nothing
    returning ${accountColumns}`)
  if (!account)
    throw accountsProblem(
      'email_taken',
      `there is an account with the address ${address.address}: sign in instead`,
    )
  return account
}

/** A member of the body that a rule refuses, in the words of a schema's refusal. */
export function refusedField(name: string, code: string, message: string) {
  return httpProblem('validation_failed', `${name} ${message}`, {
    errors: [{ path: `/${name}`, code, message }],
  })
}
