import sql, { raw, type Sql } from 'sql-template-tag'
import type { Queryable } from '../queryable.ts'
import type { OutboxRow } from './message.ts'

/** Bounds of a batch. */
export interface BatchSize {
  /** Rows of each kind: those that are ready, and those to be tried again with what waits behind them. */
  rows: number
  /** Rows of one key, so that a key with a long queue keeps nobody waiting. */
  rowsOfKey: number
}

/** What a batch is made of. */
export interface Taken {
  /** To be published: of each key those that come first, in order. */
  rows: OutboxRow[]
  /** Ready rows that have to wait for an earlier one of their key. */
  blocked: WaitingRow[]
  /** Ready rows that are too many of their key. */
  beyond: WaitingRow[]
  /** Keys of rows that were tried before: what is behind these may go on now. */
  retried: Set<string>
}

type WaitingRow = Pick<OutboxRow, 'sequence' | 'key'>

type ReadyRow = OutboxRow & { isBlocked: boolean; isBeyond: boolean }

/** Finds what can be published now. Only the one relay that holds the lock may act on it. */
export async function takeRows(tx: Queryable, table: Sql, size: BatchSize): Promise<Taken> {
  // Without names, so that each is planned for as many rows as there are now: there may be none, or a million.
  const [ready, due] = await Promise.all([
    tx.query<ReadyRow>(readyRows(table, size)),
    tx.query<OutboxRow>(dueRows(table, size)),
  ])
  const taken: Taken = {
    rows: due,
    blocked: [],
    beyond: [],
    retried: new Set(due.map(({ key }) => key)),
  }
  for (const { isBlocked, isBeyond, ...row } of ready) {
    if (isBlocked) taken.blocked.push(row)
    else if (isBeyond) taken.beyond.push(row)
    else taken.rows.push(row)
  }
  return taken
}

/** The first that are ready, with what keeps them from being published. Their keys are looked up once each. */
function readyRows(table: Sql, { rows, rowsOfKey }: BatchSize): Sql {
  return sql`
    with ready as materialized (
      select id, key from ${table} where state = 'ready' order by id limit ${number(rows)}
    ), blocked as materialized (
      select key from (select distinct key from ready) as keys
      where exists (select from ${table} as waiting where waiting.key = keys.key and waiting.state <> 'ready')
    ), judged as (
      select id, key in (select key from blocked) as is_blocked,
        row_number() over (partition by key order by id) > ${number(rowsOfKey)} as is_beyond
      from ready
    )
    select o.id as sequence, o.key, o.topic, case when not is_blocked and not is_beyond then o.payload end as payload,
      o.headers, o.created_at as "createdAt", o.attempts, is_blocked as "isBlocked", is_beyond as "isBeyond"
    from judged join ${table} as o using (id) order by id`
}

/** Those whose time to be tried again has come, with what waits behind them. */
function dueRows(table: Sql, { rows, rowsOfKey }: BatchSize): Sql {
  return sql`
    with due as materialized (
      select id, key, retry_at from ${table} where state = 'retry' and retry_at <= now()
      order by retry_at limit ${number(rows)}
    ), first as materialized (
      select o.id, due.retry_at from due cross join lateral (
        select due.id
        union all
        (select behind.id from ${table} as behind
          where behind.key = due.key and behind.state <> 'ready' and behind.id > due.id
          order by behind.id limit ${number(rowsOfKey - 1)})
      ) as o
      order by due.retry_at, due.id, o.id limit ${number(rows)}
    )
    select o.id as sequence, o.key, o.topic, o.payload, o.headers, o.created_at as "createdAt", o.attempts
    from first join ${table} as o using (id) order by first.retry_at, o.id`
}

/** A number within the text, which the planner sees. */
function number(value: number): Sql {
  return raw(String(value))
}
