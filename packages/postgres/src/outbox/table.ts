import { raw, type Sql } from 'sql-template-tag'

/**
 * The table of an outbox as a statement, for the migrations of the service that has one: they hold its text, since a
 * migration never changes.
 *
 * Rows are deleted once they are published. `state` is
 *
 * - `ready`: as it was written; published in the order of ids;
 * - `retry`: it failed, and is tried when `retry_at` has come;
 * - `parked`: given up at `parked_at`, until somebody replays or drops it;
 * - `behind`: waits for an earlier row of its key, which is `retry` or `parked`.
 *
 * Every key with a row that is not `ready` has one that is `retry` or `parked`, and that is its first. Thus a relay
 * finds what it may publish from the front of two indexes, however many rows wait for something.
 */
export function outboxTable(schema: string): Sql {
  const table = tableOf(schema).sql
  return raw(`
create table ${table} (
  id bigint generated always as identity primary key,
  key text not null,
  topic text not null,
  payload jsonb not null,
  headers jsonb not null default '{}',
  created_at timestamptz not null default clock_timestamp(),
  state text not null default 'ready' check (state in ('ready', 'retry', 'parked', 'behind')),
  attempts integer not null default 0,
  error text,
  retry_at timestamptz check ((state = 'retry') = (retry_at is not null)),
  parked_at timestamptz check ((state = 'parked') = (parked_at is not null))
) with (autovacuum_vacuum_scale_factor = 0.02);
create index outbox_ready on ${table} (id) where state = 'ready';
create index outbox_due on ${table} (retry_at) where state = 'retry';
create index outbox_waiting_by_key on ${table} (key, id) where state <> 'ready';
create index outbox_waiting_by_state on ${table} (state, id) where state <> 'ready';
`)
}

/** The table's name for SQL. */
export function tableOf(schema: string): Sql {
  if (!/^[a-z_][a-z0-9_]{0,39}$/.test(schema)) throw new Error(`${schema} is no name for a schema`)
  return raw(`${schema}.outbox`)
}

/** The channel of the NOTIFY that wakes relays. */
export function channelOf(schema: string): string {
  return `${schema}_outbox`
}
