import { sql } from '@colophon/postgres'
import type { Deps } from '../deps.ts'
import { newPassword } from '../secret-tokens.ts'
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
  deps: Deps,
  { email, password }: { email: string; password?: string | undefined },
): Promise<FirstAdmin> {
  return deps.db.transaction(async (tx) => {
    // Held until the end of the transaction. Registering takes no such lock: only the first admin is unique.
    await tx.query(sql`SELECT pg_advisory_xact_lock(hashtextextended('accounts first admin', 0))`)
    const admin = await tx.maybeOne<{ email: string }>(sql`
      SELECT email FROM accounts.accounts WHERE 'admin' = ANY (roles) ORDER BY id LIMIT 1`)
    if (admin) return { created: false, email: admin.email }
    const made = password === undefined ? newPassword() : undefined
    const account = await registerAccount(
      { ...deps, db: tx },
      { email, password: password ?? made ?? '', name: 'Admin', roles: ['admin'] },
    )
    deps.logger.info({ accountId: account.id }, 'first admin made')
    return { created: true, email: account.email, ...(made !== undefined && { password: made }) }
  })
}

/** Whether there is an admin yet. */
export async function hasAdmin({ db }: Pick<Deps, 'db'>): Promise<boolean> {
  const { found } = await db.one<{ found: boolean }>(
    sql`SELECT EXISTS (SELECT FROM accounts.accounts WHERE 'admin' = ANY (roles)) AS found`,
  )
  return found
}
