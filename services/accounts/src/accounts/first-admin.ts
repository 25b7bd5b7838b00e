import { lockKeys, type Queryable, sql } from '@colophon/postgres'
import type { AccountsDeps } from '../deps.ts'
import { newPassword } from '../logins/secret-tokens.ts'
import { accountsProblem, emailTaken } from '../problems.ts'
import { isAccount } from './account.ts'
import { checkAccount, insertAccount } from './create-account.ts'
import { parseEmail } from './email.ts'
import { firstStart } from './history.ts'
import { type Role, sortedRoles } from './roles.ts'

export interface FirstAdmin {
  /** Whether this call made it. */
  created: boolean
  email: string
  /** The password that was made for it; only from the call that made it, and only when none was given. */
  password?: string
}

/**
 * Makes the first admin when there is no admin, once however many processes ask.
 * @throws Problem `validation_failed` for an address or password that cannot be used, `email_taken` for the
 * address of an account that is not an admin
 */
export function ensureFirstAdmin(
  deps: AccountsDeps,
  { email, password }: { email: string; password?: string | undefined },
): Promise<FirstAdmin> {
  return deps.database.transaction(async (tx) => {
    const [kind, name] = lockKeys('accounts', 'first admin')
    // Held until the end of the transaction. Registering takes no such lock: only the first admin is unique.
    await tx.query(sql`select pg_advisory_xact_lock(${kind}, ${name})`)
    const admin = await tx.maybeOne<{ email: string }>(sql`
      select email from accounts.accounts where 'admin' = any (roles) order by id limit 1`)
    if (admin) return { created: false, email: admin.email }
    await refuseTakenEmail(tx, email)
    const made = password === undefined ? newPassword() : undefined
    const checked = await checkAccount(deps, {
      email,
      password: password ?? made ?? '',
      name: 'Admin',
      roles: ['admin'],
    })
    const account = await insertAccount({ ...deps, database: tx }, checked, firstStart)
    deps.logger.info({ accountId: account.id }, 'first admin made')
    return { created: true, email: account.email, ...(made !== undefined && { password: made }) }
  })
}

/** Whoever has the address may not be who starts the shop: the role is theirs to give, and not a start's. */
async function refuseTakenEmail(tx: Queryable, email: string): Promise<void> {
  const holder = await tx.maybeOne<{ roles: Role[] }>(sql`
    select roles from accounts.accounts where ${isAccount({ email })}`)
  if (!holder) return
  const roles = sortedRoles([...holder.roles, 'admin']).join(' ')
  throw accountsProblem(
    'email_taken',
    `the account ${email} is there and is no admin: set ADMIN_EMAIL to another address, or, if it is yours, give that ` +
      `account the role: colophon account role ${email} ${roles}`,
  )
}

/** Whether there is an admin yet. */
export async function hasAdmin({ database }: Pick<AccountsDeps, 'database'>): Promise<boolean> {
  const { found } = await database.one<{ found: boolean }>(
    sql`select exists (select from accounts.accounts where 'admin' = any (roles)) as found`,
  )
  return found
}

/**
 * Keeps the first admin's address for the first admin: nobody registers it while there is no admin.
 * @throws Problem `email_taken`
 */
export async function refuseFirstAdminEmail(
  deps: Pick<AccountsDeps, 'database' | 'firstAdminEmail'>,
  email: string,
): Promise<void> {
  const key = parseEmail(email)?.key
  if (key === undefined || key !== parseEmail(deps.firstAdminEmail ?? '')?.key) return
  if (!(await hasAdmin(deps))) throw emailTaken(email)
}
