import { type Queryable, sql } from '@colophon/postgres'
import type { Role } from './roles.ts'

export const historyActions = [
  'created',
  'roles_set',
  'password_changed',
  'password_reset',
  'token_issued',
] as const

export type HistoryAction = (typeof historyActions)[number]

/** Who acts where nobody is signed in. */
export const commandLine = 'the command line'
export const firstStart = 'the first start'

export interface HistoryEntry {
  accountId: string
  /** An account's id, `commandLine` or `firstStart`. */
  actor: string
  action: HistoryAction
  detail?: HistoryDetail
}

/** What is told of it; never a secret. */
export interface HistoryDetail {
  /** The roles that the account has since, or that the token has. */
  roles?: readonly Role[]
  /** The roles that the account had before. */
  rolesBefore?: readonly Role[]
  /** Seconds that the token is good for. */
  expiresIn?: number
}

/** Keeps who did what to an account and when, in the transaction that does it. */
export async function recordHistory(
  tx: Queryable,
  { accountId, actor, action, detail = {} }: HistoryEntry,
  now: Date,
): Promise<void> {
  await tx.query(sql`
    insert into accounts.account_history (account_id, at, actor, action, detail)
    values (${accountId}, ${now}, ${actor}, ${action}, ${JSON.stringify(detail)})`)
}
