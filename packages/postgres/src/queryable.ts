import type { Sql } from 'sql-template-tag'
import { DatabaseError } from './errors.ts'

export interface QueryOptions {
  /** Makes it a named prepared statement, parsed and planned once a connection: for hot reads of fixed text. */
  name?: string
}

/** Something that statements can be sent to: the database, each statement on its own, or a transaction. */
export interface Queryable {
  /** The rows of the answer. */
  query<Row>(statement: Sql, options?: QueryOptions): Promise<Row[]>
  /** The only row of the answer; throws a `DatabaseError` (`ROWS`) when there is none, or more than one. */
  one<Row>(statement: Sql, options?: QueryOptions): Promise<Row>
  /** The only row of the answer, or undefined; throws a `DatabaseError` (`ROWS`) when there is more than one. */
  maybeOne<Row>(statement: Sql, options?: QueryOptions): Promise<Row | undefined>
}

/** `one` and `maybeOne` on top of a `query`. */
export function queryable(query: Queryable['query']): Queryable {
  async function maybeOne<Row>(statement: Sql, options?: QueryOptions): Promise<Row | undefined> {
    const rows = await query<Row>(statement, options)
    if (rows.length > 1) throw new DatabaseError('ROWS', `expected one row at most, got ${rows.length}`)
    return rows[0]
  }
  async function one<Row>(statement: Sql, options?: QueryOptions): Promise<Row> {
    const row = await maybeOne<Row>(statement, options)
    if (row === undefined) throw new DatabaseError('ROWS', 'expected one row, got none')
    return row
  }
  return { query, one, maybeOne }
}
