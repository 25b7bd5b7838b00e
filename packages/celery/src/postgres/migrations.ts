import { beatTables } from './beat-tables.ts'
import { functions } from './functions.ts'
import { letterReason } from './letter-reason.ts'

/**
 * Each brings the schema one version further, in one transaction: what it locks stays locked until all of it is done.
 * What is here was released: what it makes is never changed, only added to.
 */
export const migrations: readonly string[] = [
  `
CREATE TABLE {s}.queues (
  name text COLLATE "C" PRIMARY KEY,
  arguments text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE {s}.bindings (
  exchange text COLLATE "C" NOT NULL,
  type text NOT NULL CHECK (type IN ('direct', 'topic', 'fanout')),
  routing_key text COLLATE "C" NOT NULL,
  queue text COLLATE "C" NOT NULL,
  PRIMARY KEY (exchange, routing_key, queue)
);

-- One row: the revision of all the above, by which who publishes sees that there is a new queue or binding.
CREATE TABLE {s}.routes (revision bigint NOT NULL);
INSERT INTO {s}.routes VALUES (0);

-- A message waits (no holder, no not_before), is parked (not_before), or is held (holder). There is no primary key, as
-- each index would cost one more entry for each message published and one more for each taken: the two partial ones
-- serve every statement. None of the updates can be heap-only, since they change which index a row belongs to, so that
-- room kept free by a fillfactor would be of no use.
CREATE TABLE {s}.messages (
  id bigint GENERATED ALWAYS AS IDENTITY,
  holder bigint,
  not_before timestamptz,
  enqueued_at timestamptz NOT NULL DEFAULT now(),
  starts integer NOT NULL DEFAULT 0,
  rank smallint NOT NULL,
  redelivered boolean NOT NULL DEFAULT false,
  queue text COLLATE "C" NOT NULL,
  exchange text NOT NULL,
  routing_key text NOT NULL,
  headers text NOT NULL,
  properties text NOT NULL,
  body bytea NOT NULL
) WITH (
  -- A queue is all churn: it is vacuumed whenever autovacuum looks, at full speed, and never locked to be truncated.
  autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0,
  autovacuum_analyze_scale_factor = 0.2, vacuum_truncate = false,
  toast.autovacuum_vacuum_threshold = 5000, toast.autovacuum_vacuum_scale_factor = 0.02,
  toast.autovacuum_vacuum_cost_delay = 0, toast.vacuum_truncate = false
);
COMMENT ON COLUMN {s}.messages.rank IS 'the negative of the priority: the lowest goes first';
-- For databases that are replicated logically.
ALTER TABLE {s}.messages REPLICA IDENTITY FULL;
CREATE INDEX messages_waiting ON {s}.messages (queue, rank, id) WHERE holder IS NULL AND not_before IS NULL;
CREATE INDEX messages_held ON {s}.messages (holder, id) WHERE holder IS NOT NULL;
CREATE INDEX messages_parked ON {s}.messages (not_before) WHERE not_before IS NOT NULL;

-- One row a consumer: its lease is that of every message it holds, so that keeping 10,000 is one small update. It stays
-- for a while after its end, as what its last statement has taken must be taken back too.
CREATE TABLE {s}.holders (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  lease_until timestamptz NOT NULL,
  queue text COLLATE "C"
) WITH (fillfactor = 50);
COMMENT ON COLUMN {s}.holders.queue IS 'null when it takes no more';

-- Who is idle and wants to be woken: with nobody here a publish notifies nobody, and commits do not queue for the one
-- lock that NOTIFY takes.
CREATE UNLOGGED TABLE {s}.waiting (
  queue text COLLATE "C" NOT NULL,
  holder bigint NOT NULL,
  PRIMARY KEY (queue, holder)
);

-- What is too large for the payload of a notification.
CREATE UNLOGGED TABLE {s}.casts (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  payload text NOT NULL,
  expires_at timestamptz NOT NULL
);

CREATE TABLE {s}.dead_letters (
  id text COLLATE "C" PRIMARY KEY,
  died_at timestamptz NOT NULL,
  task text,
  queue text NOT NULL,
  letter text NOT NULL,
  body bytea NOT NULL
);
CREATE INDEX dead_letters_died ON {s}.dead_letters (died_at, id);
CREATE INDEX dead_letters_task ON {s}.dead_letters (task, died_at, id);

CREATE SEQUENCE {s}.result_version;
CREATE TABLE {s}.results (
  task_id text COLLATE "C" PRIMARY KEY,
  status text NOT NULL,
  meta text NOT NULL,
  version bigint NOT NULL,
  expires_at timestamptz NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
-- Results expire about in the order they were written: a few pages of index in place of one more entry each.
CREATE INDEX results_expiring ON {s}.results USING brin (expires_at) WITH (pages_per_range = 32, autosummarize = on);

-- Which process (by its channel) wants to know of a task's states.
CREATE UNLOGGED TABLE {s}.watches (
  task_id text COLLATE "C" NOT NULL,
  channel text NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (task_id, channel)
);

CREATE TABLE {s}.groups (
  group_id text COLLATE "C" PRIMARY KEY,
  result text NOT NULL,
  expires_at timestamptz NOT NULL
);

CREATE TABLE {s}.chords (
  group_id text COLLATE "C" PRIMARY KEY,
  size integer,
  joined integer NOT NULL DEFAULT 0,
  arrived integer NOT NULL DEFAULT 0,
  expires_at timestamptz NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE {s}.chord_parts (
  group_id text COLLATE "C" NOT NULL,
  task_id text COLLATE "C" NOT NULL,
  index integer,
  arrival bigint GENERATED ALWAYS AS IDENTITY,
  state text NOT NULL,
  result text NOT NULL,
  PRIMARY KEY (group_id, task_id)
);

CREATE TABLE {s}.starts (
  task_id text COLLATE "C" PRIMARY KEY,
  count integer NOT NULL,
  expires_at timestamptz NOT NULL
);
${functions}`,
  beatTables,
  `CREATE INDEX dead_letters_reason ON {s}.dead_letters ((${letterReason}), died_at, id);`,
  `
-- As \`ack\`, and says which of them were not held any more. Not in its place: older programs still have that prepared.
CREATE FUNCTION {s}.ack_first(_holder bigint, _ids bigint[]) RETURNS SETOF bigint LANGUAGE plpgsql
  SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off AS $$
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  RETURN QUERY
  WITH gone AS (DELETE FROM {s}.messages m WHERE m.holder = _holder AND m.id = ANY (_ids) RETURNING m.id)
  SELECT given.id FROM unnest(_ids) AS given (id) WHERE given.id NOT IN (SELECT gone.id FROM gone);
END $$;

-- Nothing for chords, whose expiry changes with each part: an index would keep these updates from being heap-only. Of
-- them, and of starts and watches, only what was left behind waits to expire.
CREATE INDEX groups_expiring ON {s}.groups USING brin (expires_at) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX dead_letters_queue ON {s}.dead_letters (queue, died_at, id);

-- Last, as from here on nobody can count a start until this is committed.
ALTER TABLE {s}.starts ADD COLUMN mark uuid;
COMMENT ON COLUMN {s}.starts.mark IS 'of who counted last: asked again, it does not count again';
`,
  `
ALTER TABLE {s}.beat_entries ADD COLUMN broker text NOT NULL DEFAULT '';
COMMENT ON COLUMN {s}.beat_entries.broker IS 'where its runs are sent: another one is another app';
`,
]
