import { decodeCursor, encodeCursor } from '@colophon/http'
import { join, type Queryable, sql } from '@colophon/postgres'
import type { Charge } from '../schemas.ts'
import { chargeColumns } from './charge-columns.ts'

export interface ChargeQuery {
  key?: string
  cursor?: string
  limit: number
}

/** One page of all charges, the oldest first, or the one with a key. @throws Problem invalid_cursor */
export async function listCharges(
  db: Queryable,
  query: ChargeQuery,
): Promise<{ items: Charge[]; nextCursor: string | null }> {
  const conditions = [sql`true`]
  if (query.key !== undefined) conditions.push(sql`key = ${query.key}`)
  if (query.cursor !== undefined) {
    const [after] = decodeCursor(query.cursor, query, ['uuid'])
    conditions.push(sql`id > ${after}::uuid`)
  }
  const rows = await db.query<Charge>(sql`
    select ${chargeColumns} from payments_sandbox.charges where ${join(conditions, ' and ')}
    order by id limit ${query.limit + 1}`)
  const items = rows.slice(0, query.limit)
  const last = rows.length > query.limit ? items.at(-1) : undefined
  return { items, nextCursor: last ? encodeCursor(query, [last.id]) : null }
}
