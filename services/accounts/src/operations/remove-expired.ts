import { sql } from '@colophon/postgres'
import type { Deps } from '../deps.ts'
import { removeOldKeys } from '../key-store.ts'

const batch = 1_000
const mostBatches = 100

/** Deletes sessions, refresh tokens and signing keys whose time is over, a bounded number at a time. */
export async function removeExpired({ db, clock }: Pick<Deps, 'db' | 'clock'>): Promise<void> {
  const now = clock()
  await inBatches(async () =>
    db.query(sql`
      DELETE FROM accounts.sessions WHERE id IN (
        SELECT id FROM accounts.sessions WHERE expires_at <= ${now} LIMIT ${batch})
      RETURNING id`),
  )
  await inBatches(async () =>
    db.query(sql`
      DELETE FROM accounts.refresh_tokens WHERE family_id IN (
        SELECT family_id FROM accounts.refresh_tokens WHERE expires_at <= ${now} LIMIT ${batch})
      RETURNING family_id`),
  )
  await removeOldKeys(db, now)
}

async function inBatches(remove: () => Promise<unknown[]>): Promise<void> {
  for (let round = 0; round < mostBatches; round++) {
    if ((await remove()).length < batch) return
  }
}
