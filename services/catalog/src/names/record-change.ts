import type { Identity } from '@colophon/http'
import { type Queryable, sql } from '@colophon/postgres'
import type { NameKind } from './name-tables.ts'

/** What can be done to a name. */
export const nameActions = ['created', 'replaced', 'deleted'] as const
export type NameAction = (typeof nameActions)[number]

interface Versioned {
  id: string
  version: number
}

/** One write to a name by a person: null before it was made, and after it was removed. */
export type NameWrite = { kind: NameKind; actor: Identity; at: Date } & (
  | { before: null; after: Versioned }
  | { before: Versioned; after: Versioned | null }
)

/** Keeps who changed what of a name, in the transaction that changes it. */
export async function recordNameChange(
  tx: Queryable,
  { kind, actor, at, before, after }: NameWrite,
): Promise<void> {
  const action: NameAction = before === null ? 'created' : after === null ? 'deleted' : 'replaced'
  const { id, version } = before === null ? after : { id: before.id, version: before.version + 1 }
  await tx.query(sql`
    insert into catalog.name_history (kind, id, version, at, actor, action, before, after)
    values (${kind}, ${id}, ${version}, ${at}, ${actor.accountId}, ${action}, ${fieldsOf(before)}, ${fieldsOf(after)})`)
}

/** The fields a person writes, as JSON. */
function fieldsOf(named: Versioned | null): string | null {
  if (named === null) return null
  const { id: _, version: __, ...fields } = named
  return JSON.stringify(fields)
}
