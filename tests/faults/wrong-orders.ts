import { type Queryable, sql } from '@colophon/postgres'
import type { Acknowledged } from './buyers.ts'
import { isRightOutcome, type Outcome, over, sold } from './outcome.ts'

/**
 * The orders that there are, are those that buyers were told of, each once: every buyer goes on until there
 * is an answer. What is there beyond is a double.
 */
export function notAsTold(database: Queryable, acknowledged: readonly Acknowledged[]): Promise<unknown[]> {
  return database.query(sql`
    select told.id as told, told.times, o.id as found, o.status, o.email
    from (select id, count(*)::int as times from unnest(${acknowledged.map(({ id }) => id)}::uuid[]) as one (id)
      group by id) told
    full join orders.orders o on o.id = told.id
    where told.id is null or o.id is null or told.times <> 1`)
}

export function stuck(database: Queryable): Promise<unknown[]> {
  return database.query(sql`
    select id, status, due_at from orders.orders
    where due_at is not null or not status = any(${[...sold, ...over]})`)
}

/** Those that are something else than their token makes of them, or than their buyer was told. */
export async function wrongOutcomes(
  database: Queryable,
  acknowledged: readonly Acknowledged[],
): Promise<unknown[]> {
  const orders = await database.query<Outcome & { id: string }>(sql`
    select id, status, refunded,
      (select sum(cancelled)::int from orders.order_lines where order_id = o.id) as cancelled
    from orders.orders o`)
  const found = new Map(orders.map((order) => [order.id, order]))
  return acknowledged.flatMap((told) => {
    const order = found.get(told.id)
    return order === undefined || isRightOutcome(told, order) ? [] : [{ ...told, ...order }]
  })
}

/** The history counts to the version, and ends with the status: the two are written together. */
export function wrongHistories(database: Queryable): Promise<unknown[]> {
  return database.query(sql`
    select o.id, o.status, o.version, history.entries, history.last from orders.orders o
    cross join lateral (select count(*)::int as entries, (array_agg(status order by seq desc))[1] as last
      from orders.order_history where order_id = o.id) history
    where o.version <> history.entries or o.status is distinct from history.last`)
}

/** The buyer is told that an order is confirmed, and that it is over: there is a row for the mail. */
export function missingMails(database: Queryable): Promise<unknown[]> {
  return database.query(sql`
    select order_id, seq, status
    from (select distinct on (order_id, status) order_id, seq, status from orders.order_history
      where status in ('confirmed', 'declined', 'expired', 'cancelled') order by order_id, status, seq) as news
    where not exists (select from orders.mails where order_id = news.order_id and seq = news.seq)`)
}

/** Those that are lost on the way are sent again after ten minutes, of which their row tells. */
export function forgottenMails(database: Queryable): Promise<unknown[]> {
  return database.query(sql`
    select order_id, seq, refused_at from orders.mails where sent_at is null and due_at is null`)
}
