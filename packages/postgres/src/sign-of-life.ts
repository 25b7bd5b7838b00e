import sql from 'sql-template-tag'
import type { Queryable } from './queryable.ts'

/** Whether the database answers, in the words of `/readyz`; never rejects. */
export function signOfLife(database: Pick<Queryable, 'query'>): Promise<'up' | 'down'> {
  return database.query(sql`select 1`).then(
    () => 'up',
    () => 'down',
  )
}
