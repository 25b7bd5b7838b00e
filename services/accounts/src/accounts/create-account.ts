import { type Queryable, sql } from '@colophon/postgres'
import type { AccountsDeps } from '../deps.ts'
import { passwordFlaw } from '../passwords/password-rule.ts'
import { emailTaken, refusedField } from '../problems.ts'
import type { Account } from '../schemas.ts'
import { accountColumns } from './account.ts'
import { type EmailAddress, parseEmail } from './email.ts'
import { recordHistory } from './history.ts'
import { nameFlaw } from './names.ts'
import { type Role, sortedRoles } from './roles.ts'

export interface NewAccount {
  email: string
  password: string
  name: string
  /** Only `customer` when absent. */
  roles?: readonly Role[]
}

/** An account that the rules let in. */
interface CheckedAccount {
  email: EmailAddress
  passwordHash: string
  name: string
  roles: Role[]
}

/**
 * Makes an account.
 * @param by who does it; null for the person whose account it is to be
 * @throws Problem `validation_failed` for an address, a password or a name that cannot be used, `email_taken`
 */
export async function createAccount(
  deps: Pick<AccountsDeps, 'database' | 'hasher' | 'now' | 'newId'>,
  account: NewAccount,
  by: string | null,
): Promise<Account> {
  // Hashed before the transaction, which is not to hold a connection for so long.
  const checked = await checkAccount(deps, account)
  return deps.database.transaction((tx) => insertAccount({ ...deps, database: tx }, checked, by))
}

/** @throws Problem `validation_failed` */
export async function checkAccount(
  { hasher }: Pick<AccountsDeps, 'hasher'>,
  { email, password, name, roles = ['customer'] }: NewAccount,
): Promise<CheckedAccount> {
  const address = parseEmail(email)
  if (!address) throw refusedField('email', 'wrong_format', 'must be an e-mail address')
  const flaw = passwordFlaw(password, { email: address.address, roles })
  if (flaw) throw refusedField('password', flaw.code, flaw.message)
  const wrong = nameFlaw(name)
  if (wrong) throw refusedField('name', wrong.code, wrong.message)
  const passwordHash = await hasher.hash(password)
  return { email: address, passwordHash, name: name.trim(), roles: sortedRoles(roles) }
}

/** @throws Problem `email_taken` */
export async function insertAccount(
  { database, now, newId }: Pick<AccountsDeps, 'now' | 'newId'> & { database: Queryable },
  { email, passwordHash, name, roles }: CheckedAccount,
  by: string | null,
): Promise<Account> {
  const at = now()
  const account = await database.maybeOne<Account>(sql`
    insert into accounts.accounts (id, email, email_key, name, roles, password_hash, created_at)
    values (${newId()}, ${email.address}, ${email.key}, ${name}, ${roles}, ${passwordHash}, ${at})
    on conflict (email_key) do nothing
    returning ${accountColumns}`)
  if (!account) throw emailTaken(email.address)
  const { id } = account
  await recordHistory(database, { accountId: id, actor: by ?? id, action: 'created', detail: { roles } }, at)
  return account
}
