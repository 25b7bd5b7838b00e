import { type Queryable, sql } from '@colophon/postgres'

/** Where mail for an account goes, in lower case and with the domain in ASCII; null when there is no such account. */
export async function emailOf(db: Queryable, accountId: string): Promise<string | null> {
  const account = await db.maybeOne<{ email: string }>(
    sql`select email_key as email from accounts.accounts where id = ${accountId}`,
    { name: 'accounts.email-of' },
  )
  return account?.email ?? null
}
