import sql, { type Sql } from 'sql-template-tag'
import type { Queryable } from '../queryable.ts'
import type { OutboxRow } from './message.ts'
import type { Published } from './publish.ts'
import type { Taken } from './take.ts'

/** A place in the queue of a key. */
type Place = Pick<OutboxRow, 'key' | 'sequence'>

/**
 * Writes down what became of a batch, in the transaction that took it.
 * @returns how many rows are not what they were
 */
export async function recordBatch(
  tx: Queryable,
  table: Sql,
  taken: Taken,
  result: Published,
): Promise<number> {
  const { published, failed } = result
  const overflowing = new Set(taken.beyond.map(({ key }) => key))
  const aside = [...taken.blocked, ...untried(taken, result, overflowing), ...taken.beyond]
  const freed = firstOf(taken, overflowing.union(taken.retried))
  const statements = [
    ...(published.length > 0 ? [remove(table, published)] : []),
    ...(failed.length > 0 ? [postpone(table, failed)] : []),
    ...(aside.length > 0 ? [setAside(table, aside, [...overflowing])] : []),
    ...(freed.length > 0 ? [promote(table, freed)] : []),
  ]
  // At once: they are sent one behind the other, and run in that order.
  const changed = await Promise.all(statements.map((statement) => tx.query<{ id: number }>(statement)))
  return changed.flat().length
}

/** What was to be published of these keys and was not: it comes before what is beyond it, and goes aside with it. */
function untried({ rows }: Taken, { published, failed }: Published, keys: Set<string>): OutboxRow[] {
  const tried = new Set([...published, ...failed.map(({ row }) => row)])
  return rows.filter((row) => keys.has(row.key) && !tried.has(row))
}

/** Where each of these keys began in the batch. */
function firstOf({ rows }: Taken, keys: Set<string>): Place[] {
  const first = new Map<string, number>()
  for (const { key, sequence } of rows) if (keys.has(key) && !first.has(key)) first.set(key, sequence)
  return [...first].map(([key, sequence]) => ({ key, sequence }))
}

function remove(table: Sql, published: Published['published']): Sql {
  return sql`delete from ${table} where id = any(${published.map(({ sequence }) => sequence)}::bigint[])
    returning id`
}

function postpone(table: Sql, failed: Published['failed']): Sql {
  const rows = failed.map(({ row, attempts, error, retryMs }) => ({
    id: row.sequence,
    attempts,
    error,
    wait: retryMs,
  }))
  return sql`
    update ${table} as o
    set state = case when failed.wait is null then 'parked' else 'retry' end,
      retry_at = clock_timestamp() + failed.wait * interval '1 millisecond',
      parked_at = case when failed.wait is null then clock_timestamp() end,
      attempts = failed.attempts, error = failed.error
    from json_to_recordset(${JSON.stringify(rows)}::json) as failed (id bigint, attempts int, error text, wait float8)
    where o.id = failed.id returning o.id`
}

/**
 * Puts ready rows behind the earlier ones that they wait for, always the first of their key, so that what is ready comes
 * after what is behind. What they wait for may have been published just now, and somebody may be dropping it: then they
 * stay ready. It is held until the commit, so that it is not dropped in between, and nobody is waited for.
 */
function setAside(table: Sql, aside: readonly Place[], overflowing: readonly string[]): Sql {
  const keys = [...new Set(aside.map(({ key }) => key))]
  return sql`
    with blocked as materialized (
      select keys.key, first.id from unnest(${keys}::text[]) as keys (key)
      cross join lateral (
        select id from ${table} as first where first.key = keys.key and first.state <> 'ready'
        order by first.id limit 1 for share skip locked
      ) as first
    )
    update ${table} as o set state = 'behind'
    where o.id = any(${aside.map(({ sequence }) => sequence)}::bigint[]) and (o.key = any(${overflowing}::text[])
      or exists (select from blocked where blocked.key = o.key and blocked.id < o.id))
    returning o.id`
}

/**
 * Has what is behind these places go on where nothing is before it any more. It is looked for from there on, since
 * what was before may be many rows that are gone and not cleared away yet.
 */
export function promote(table: Sql, places: readonly Place[]): Sql {
  return sql`
    update ${table} set state = 'retry', retry_at = clock_timestamp()
    where state = 'behind' and id in (
      select first.id
      from unnest(${places.map(({ key }) => key)}::text[], ${places.map(({ sequence }) => sequence)}::bigint[])
        as place (key, id)
      cross join lateral (
        select id, state from ${table} as first
        where first.key = place.key and first.state <> 'ready' and first.id >= place.id
        order by first.id limit 1
      ) as first
      where first.state = 'behind')
    returning id`
}
