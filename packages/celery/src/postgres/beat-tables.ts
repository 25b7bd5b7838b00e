/** Beat's tables. `{s}` is the schema. */
export const beatTables = `
CREATE TABLE {s}.beat_entries (
  name text PRIMARY KEY,
  task text NOT NULL,
  schedule text NOT NULL,
  paused boolean NOT NULL DEFAULT false,
  -- From when the next due time is counted.
  since timestamptz NOT NULL,
  last_due timestamptz,
  last_sent timestamptz,
  runs bigint NOT NULL DEFAULT 0,
  -- When a run was asked for by hand that is not sent yet.
  triggered timestamptz,
  -- When a scheduler last had this entry.
  seen timestamptz NOT NULL
);

-- One row for each run that was sent, written in one transaction with its message.
CREATE TABLE {s}.beat_runs (
  entry text NOT NULL,
  due timestamptz NOT NULL,
  manual boolean NOT NULL,
  task_id uuid NOT NULL,
  sent timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (entry, due, manual)
);
CREATE INDEX beat_runs_sent ON {s}.beat_runs (sent);
`
