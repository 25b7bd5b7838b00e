import sql, { raw, type Sql } from 'sql-template-tag'
import type { OutboxPlace } from './message.ts'
import { tableOf } from './table.ts'

/** How an outbox stands. Counts stop at 100,000 each, so that they cost little whatever there is. */
export interface OutboxStats {
  /** Rows to be published, now or after a failure. */
  pending: number
  /** Rows that wait for an earlier one of their key. */
  behind: number
  /** Rows that were given up. */
  parked: number
  /** Seconds since the oldest pending row was written; 0 when none is pending. */
  oldestSeconds: number
}

const mostCounted = raw('100000')

export function outboxStats({ database, schema }: OutboxPlace): Promise<OutboxStats> {
  const table = tableOf(schema)
  return database.one<OutboxStats>(sql`
    select ${count(table, 'ready')} + ${count(table, 'retry')} as pending, ${count(table, 'behind')} as behind,
      ${count(table, 'parked')} as parked,
      coalesce(extract(epoch from clock_timestamp() - least(${oldest(table, 'ready')}, ${oldest(table, 'retry')})), 0)
        ::float8 as "oldestSeconds"`)
}

// States are in the text, as the indexes are of rows in a given state.
function count(table: Sql, state: string): Sql {
  const rows = sql`select from ${table} where state = ${raw(`'${state}'`)} limit ${mostCounted}`
  return sql`(select count(*) from (${rows}) as ${raw(state)})`
}

function oldest(table: Sql, state: string): Sql {
  return sql`(select created_at from ${table} where state = ${raw(`'${state}'`)} order by id limit 1)`
}
