import { lockKeys, sql } from '@colophon/postgres'
import type { AccountsDeps } from '../deps.ts'
import { newPassword } from '../logins/secret-tokens.ts'
import { registerAccount } from './register-account.ts'

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
    const made = password === undefined ? newPassword() : undefined
    const account = await registerAccount(
      { ...deps, database: tx },
      { email, password: password ?? made ?? '', name: 'Admin', roles: ['admin'] },
    )
    deps.logger.info({ accountId: account.id }, 'first admin made')
    return { created: true, email: account.email, ...(made !== undefined && { password: made }) }
  })
}

/** Whether there is an admin yet. */
export async function hasAdmin({ database }: Pick<AccountsDeps, 'database'>): Promise<boolean> {
  const { found } = await database.one<{ found: boolean }>(
    sql`select exists (select from accounts.accounts where 'admin' = any (roles)) as found`,
  )
  return found
}
