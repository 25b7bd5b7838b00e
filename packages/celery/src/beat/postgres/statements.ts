/** Times are of whole milliseconds, so that JavaScript's dates are equal to them. `{s}` is the schema. */
const now = `date_trunc('milliseconds', clock_timestamp())`

/** A time as JavaScript counts it, whatever the caller's pool makes of `timestamptz`. */
function ms(time: string): string {
  return `(extract(epoch FROM ${time}) * 1000)::float8`
}

/** $1 names, $2 tasks, $3 schedules. In the order of names, so that schedulers do not wait for each other in a circle. */
const register = `
INSERT INTO {s}.beat_entries (name, task, schedule, since, seen)
SELECT name, task, schedule, ${now}, ${now}
FROM unnest($1::text[], $2::text[], $3::text[]) AS given (name, task, schedule)
ORDER BY name
ON CONFLICT (name) DO UPDATE SET task = excluded.task, schedule = excluded.schedule, seen = excluded.seen`

/** $1 seconds. */
const pruneEntries = `
DELETE FROM {s}.beat_entries WHERE seen < clock_timestamp() - make_interval(secs => $1)`

/** $1 seconds. */
const pruneRuns = `
DELETE FROM {s}.beat_runs WHERE sent < clock_timestamp() - make_interval(secs => $1)`

/** One row with the time alone when there are no entries. */
const read = `
SELECT ${ms(now)} AS now, name, task, schedule, paused, ${ms('since')} AS since, ${ms('last_due')} AS last_due,
  ${ms('last_sent')} AS last_sent, runs::float8 AS runs, ${ms('triggered')} AS triggered, ${ms('seen')} AS seen
FROM (SELECT 1) AS one LEFT JOIN {s}.beat_entries ON true
ORDER BY name`

/**
 * Locks the entry if the run is still to be sent; whoever finds it locked leaves the run to who locked it, who sends
 * it or leaves it as it was. The row of the run is unique: a due time that was sent once is never sent again, even
 * when the entry's own memory of it was set back. $1 entry, $2 due, $3 task id.
 */
const claimDue = claim(
  `NOT paused AND since < $2::timestamptz AND $2::timestamptz <= clock_timestamp()`,
  false,
  `since = $2::timestamptz, last_due = $2::timestamptz`,
)

/** As `claimDue`, for a run asked for by hand. */
const claimManual = claim(`triggered = $2::timestamptz`, true, `triggered = NULL`)

function claim(isOpen: string, manual: boolean, change: string): string {
  return `
WITH open AS (
  SELECT name FROM {s}.beat_entries WHERE name = $1 AND ${isOpen} FOR UPDATE SKIP LOCKED
), run AS (
  INSERT INTO {s}.beat_runs (entry, due, manual, task_id)
  SELECT name, $2::timestamptz, ${manual}, $3::uuid FROM open
  ON CONFLICT DO NOTHING
  RETURNING entry
), changed AS (
  UPDATE {s}.beat_entries AS entry
  SET ${change}, last_sent = ${now}, runs = runs + (SELECT count(*) FROM run)
  FROM open WHERE entry.name = open.name
)
SELECT entry FROM run`
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

const all = { register, pruneEntries, pruneRuns, read, claimDue, claimManual, setPaused, trigger }

export type Statements = Readonly<Record<keyof typeof all, string>>

export function statementsIn(schema: string): Statements {
  const texts = Object.entries(all).map(([name, text]) => [name, text.replaceAll('{s}', schema)])
  return Object.fromEntries(texts) as Statements
}
