import { timestamp } from '@colophon/http'
import { type Queryable, sql } from '@colophon/postgres'
import Type, { type Static } from 'typebox'
import { pageOfHistory } from '../page-of-history.ts'
import { catalogProblem } from '../problems.ts'
import { FieldChange, literals } from '../schemas.ts'
import { type NameKind, nameTables } from './name-tables.ts'
import { nameActions } from './record-change.ts'

/** What somebody did to a contributor, a publisher or a subject. */
export const NameChange = Type.Object(
  {
    version: Type.Integer({ minimum: 1, description: 'The version it made' }),
    at: timestamp(),
    actor: Type.String({ description: "An account's id" }),
    action: literals(nameActions, { description: 'What was done' }),
    changes: Type.Array(FieldChange, {
      description: 'From null where it was made, to null where it was removed',
    }),
  },
  { title: 'NameChange', additionalProperties: false },
)
export type NameChange = Static<typeof NameChange>

type Fields = Record<string, unknown> | null

/**
 * One page of what was done to a name, the newest first; also to one that was removed.
 * @throws Problem contributor_not_found, publisher_not_found or subject_not_found; invalid_cursor
 */
export async function nameHistory(
  db: Queryable,
  kind: NameKind,
  id: string,
  query: { cursor?: string; limit: number },
): Promise<{ items: NameChange[]; nextCursor: string | null }> {
  type Row = Omit<NameChange, 'changes'> & { before: Fields; after: Fields }
  const ofName = sql`
    select version, at, actor, action, before, after from catalog.name_history where kind = ${kind} and id = ${id}`
  const { changes, nextCursor } = await pageOfHistory<Row>(db, ofName, id, query)
  if (changes.length === 0) await refuseUnknown(db, kind, id)
  const items = changes.map(({ before, after, ...row }) => ({
    ...row,
    changes: changesBetween(before, after),
  }))
  return { items, nextCursor }
}

function changesBetween(before: Fields, after: Fields): NameChange['changes'] {
  return Object.keys(after ?? before ?? {})
    .map((field) => ({ field, before: before?.[field] ?? null, after: after?.[field] ?? null }))
    .filter((change) => change.before !== change.after)
}

async function refuseUnknown(db: Queryable, kind: NameKind, id: string): Promise<void> {
  const known = await db.maybeOne(sql`select from ${nameTables[kind]} where id = ${id}`)
  if (!known) throw catalogProblem(`${kind}_not_found`, `no ${kind} has the id ${id}`)
}
