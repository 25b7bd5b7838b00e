import { sql } from '@colophon/postgres'

/** A charge's columns, as a `Charge` has them. */
export const chargeColumns = sql`
  id, key, status, reason, amount, currency, reference, refunded, created_at as "createdAt",
  settled_at as "settledAt"`
