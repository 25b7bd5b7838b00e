import { encodeCursor } from '@colophon/http'
import { type Queryable, type Sql, sql } from '@colophon/postgres'
import { keyPosition } from './key-cursor.ts'

/**
 * One page of what was done to one thing, the newest first.
 * @param changes selects them, with their `version`, and ends in its conditions
 * @param id of what they were done to, which a cursor is good for
 * @throws Problem invalid_cursor
 */
export async function pageOfHistory<Change extends { version: number }>(
  db: Queryable,
  changes: Sql,
  id: string,
  { cursor, limit }: { cursor?: string; limit: number },
): Promise<{ changes: Change[]; nextCursor: string | null }> {
  const below = cursor ? keyPosition(cursor, { of: id }, 'integer').key : Number.MAX_SAFE_INTEGER
  const rows = await db.query<Change>(
    sql`${changes} and version < ${below}::bigint order by version desc limit ${limit + 1}`,
  )
  const page = rows.slice(0, limit)
  const last = rows.length > limit ? page.at(-1) : undefined
  return { changes: page, nextCursor: last ? encodeCursor({ of: id }, [last.version, id]) : null }
}
