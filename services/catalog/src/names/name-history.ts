import { encodeCursor, timestamp } from '@colophon/http'
import { type Queryable, sql } from '@colophon/postgres'
import Type, { type Static } from 'typebox'
import { keyPosition } from '../key-cursor.ts'
import { catalogProblem } from '../problems.ts'
import { FieldChange, literals } from '../schemas.ts'
import { type NameKind, nameActions } from './record-change.ts'

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

interface Query {
  cursor?: string
  limit: number
}

type Fields = Record<string, unknown> | null

const tables = {
  contributor: sql`catalog.contributors`,
  publisher: sql`catalog.publishers`,
  subject: sql`catalog.subjects`,
}

/**
 * One page of what was done to a name, the newest first; also to one that was removed.
 * @throws Problem contributor_not_found, publisher_not_found or subject_not_found; invalid_cursor
 */
export async function nameHistory(
  db: Queryable,
  kind: NameKind,
  id: string,
  { cursor, limit }: Query,
): Promise<{ items: NameChange[]; nextCursor: string | null }> {
  const below = cursor ? keyPosition(cursor, { of: id }, 'integer').key : Number.MAX_SAFE_INTEGER
  const rows = await db.query<Omit<NameChange, 'changes'> & { before: Fields; after: Fields }>(sql`
    select version, at, actor, action, before, after from catalog.name_history
    where kind = ${kind} and id = ${id} and version < ${below}::bigint order by version desc limit ${limit + 1}`)
  if (rows.length === 0) await refuseUnknown(db, kind, id)
  const items = rows
    .slice(0, limit)
    .map(({ before, after, ...row }) => ({ ...row, changes: changesBetween(before, after) }))
  const last = rows.length > limit ? items.at(-1) : undefined
  return { items, nextCursor: last ? encodeCursor({ of: id }, [last.version, id]) : null }
}

function changesBetween(before: Fields, after: Fields): NameChange['changes'] {
  return Object.keys(after ?? before ?? {})
    .map((field) => ({ field, before: before?.[field] ?? null, after: after?.[field] ?? null }))
    .filter((change) => change.before !== change.after)
}

async function refuseUnknown(db: Queryable, kind: NameKind, id: string): Promise<void> {
  const known = await db.maybeOne(sql`select from ${tables[kind]} where id = ${id}`)
  if (!known) throw catalogProblem(`${kind}_not_found`, `no ${kind} has the id ${id}`)
}
