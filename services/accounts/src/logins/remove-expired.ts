import { sql } from '@colophon/postgres'
import type { AccountsDeps } from '../deps.ts'
import { removeOldKeys } from '../keys/key-store.ts'
import { historyMs } from './lifetimes.ts'

const batch = 1_000
const mostBatches = 100

/**
 * Deletes sessions, refresh tokens and signing keys whose time is over, and what was done to accounts more than two
 * years ago; a bounded number at a time.
 */
export async function removeExpired({
  database,
  now,
}: Pick<AccountsDeps, 'database' | 'now'>): Promise<void> {
  const at = now()
  await inBatches(async () =>
    database.query(sql`
      delete from accounts.sessions where id in (
        select id from accounts.sessions where expires_at <= ${at} limit ${batch})
      returning id`),
  )
  await inBatches(async () =>
    database.query(sql`
      delete from accounts.refresh_tokens where family_id in (
        select family_id from accounts.refresh_tokens where expires_at <= ${at} limit ${batch})
      returning family_id`),
  )
  const oldest = new Date(at.getTime() - historyMs)
  await inBatches(async () =>
    database.query(sql`
      delete from accounts.account_history where entry in (
        select entry from accounts.account_history where at <= ${oldest} limit ${batch})
      returning entry`),
  )
  await removeOldKeys(database, at)
}

async function inBatches(remove: () => Promise<unknown[]>): Promise<void> {
  for (let round = 0; round < mostBatches; round++) {
    if ((await remove()).length < batch) return
  }
}
