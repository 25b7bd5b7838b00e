/** Times are of whole milliseconds, so that JavaScript's dates are equal to them. `{s}` is the schema. */
const now = `date_trunc('milliseconds', clock_timestamp())`

/** A time as JavaScript counts it, whatever the caller's pool makes of `timestamptz`. */
function ms(time: string): string {
  return `(extract(epoch FROM ${time}) * 1000)::float8`
}

const given = 'unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS given (name, task, schedule, broker)'

/** $1 names, $2 tasks, $3 schedules, $4 brokers: those that are not known yet. */
const begin = `
INSERT INTO {s}.beat_entries (name, task, schedule, broker, since, seen)
SELECT name, task, schedule, broker, ${now}, ${now}
FROM ${given}
ON CONFLICT DO NOTHING`

/** The same: those that are. Waits for nobody: every scheduler says it again. */
const renew = `
WITH free AS (
  SELECT name FROM {s}.beat_entries WHERE name = ANY ($1::text[]) FOR UPDATE SKIP LOCKED
)
UPDATE {s}.beat_entries AS entry
SET task = given.task, schedule = given.schedule, broker = given.broker, seen = ${now}
FROM ${given}
JOIN free USING (name)
WHERE entry.name = given.name`

/** $1 seconds. */
const pruneEntries = `
DELETE FROM {s}.beat_entries WHERE seen < clock_timestamp() - make_interval(secs => $1)`

/** $1 seconds. */
const pruneRuns = `
DELETE FROM {s}.beat_runs WHERE sent < clock_timestamp() - make_interval(secs => $1)`

/** One row with the time alone when there are no entries. */
const read = `
SELECT ${ms(now)} AS now, name, task, schedule, broker, paused, ${ms('since')} AS since, ${ms('last_due')} AS last_due,
  ${ms('last_sent')} AS last_sent, runs::float8 AS runs, ${ms('triggered')} AS triggered, ${ms('seen')} AS seen
FROM (SELECT 1) AS one LEFT JOIN {s}.beat_entries ON true
ORDER BY name`

/**
 * Writes the row of a run that is still to be sent. The lock keeps others from waiting for the end of this
 * transaction: they leave the run to it, and find it undone should it fail. It is not the entry's row that is locked,
 * so that a scheduler that freezes holds up no change of the entry. Tells whether the run is open, and whether the
 * row is new: a due time that was sent once is never sent again, even when the entry was set back.
 * $1 entry, $2 due, $3 task id.
 */
const claimDue = claim(
  `NOT paused AND since < $2::timestamptz AND $2::timestamptz <= clock_timestamp()`,
  false,
)

/** As `claimDue`, for a run asked for by hand. */
const claimManual = claim(`triggered = $2::timestamptz`, true)

function claim(isOpen: string, manual: boolean): string {
  return `
WITH due AS MATERIALIZED (
  SELECT name FROM {s}.beat_entries WHERE name = $1 AND ${isOpen}
), open AS MATERIALIZED (
  SELECT name FROM due WHERE pg_try_advisory_xact_lock(hashtextextended('{s}.beat ' || name, 0))
), run AS (
  INSERT INTO {s}.beat_runs (entry, due, manual, task_id)
  SELECT name, $2::timestamptz, ${manual}, $3::uuid FROM open
  ON CONFLICT DO NOTHING
  RETURNING entry
)
SELECT EXISTS (SELECT FROM open) AS is_open, EXISTS (SELECT FROM run) AS is_new`
}

/** $1 entry, $2 due, $3 how many runs were sent: none when the row was there already. */
const keepDue = `
UPDATE {s}.beat_entries
SET since = greatest(since, $2::timestamptz), last_due = greatest(last_due, $2::timestamptz), ${sent()}
WHERE name = $1`

/** As `keepDue`, for a run asked for by hand. */
const keepManual = `
UPDATE {s}.beat_entries SET triggered = nullif(triggered, $2::timestamptz), ${sent()} WHERE name = $1`

function sent(): string {
  return `runs = runs + $3::bigint, last_sent = CASE WHEN $3::bigint > 0 THEN ${now} ELSE last_sent END`
}

/** $1 name, $2 paused. */
const setPaused = `
UPDATE {s}.beat_entries
SET paused = $2, since = CASE WHEN paused AND NOT $2 THEN ${now} ELSE since END
WHERE name = $1
RETURNING name`

/** $1 name. */
const trigger = `
UPDATE {s}.beat_entries SET triggered = coalesce(triggered, ${now}) WHERE name = $1 RETURNING name`

const all = {
  begin,
  renew,
  pruneEntries,
  pruneRuns,
  read,
  claimDue,
  claimManual,
  keepDue,
  keepManual,
  setPaused,
  trigger,
}

export type Statements = Readonly<Record<keyof typeof all, string>>

export function statementsIn(schema: string): Statements {
  const texts = Object.entries(all).map(([name, text]) => [name, text.replaceAll('{s}', schema)])
  return Object.fromEntries(texts) as Statements
}
