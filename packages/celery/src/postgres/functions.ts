const storeResults = `INSERT INTO {s}.results AS r (task_id, status, meta, version, expires_at)
    SELECT m.id, m.status, convert_from(substring(_metas FROM m.start FOR m.length), 'UTF8'), _version, _expires
    FROM unnest(_ids, _statuses, _starts, _lengths) AS m (id, status, start, length)
    ON CONFLICT (task_id) DO UPDATE
    SET status = excluded.status, meta = excluded.meta, version = greatest(excluded.version, r.version + 1),
      expires_at = excluded.expires_at
    WHERE r.status <> 'SUCCESS' OR r.expires_at <= now()`

/**
 * The statements of the hot path, of version 1 of the schema. As functions they are planned once a connection, also
 * behind a pooler that knows nothing of prepared statements, and always with the index: a plan made while the table was
 * empty and kept until it is deep would read the whole of it each time. (The cost by which PostgreSQL 15 avoids what is
 * off would have it compile the statement first, which takes half a second: hence no JIT.)
 */
export const functions = `
-- Who has found the queues by routes that are out of date is told so by false, and nothing is published. Bodies come in
-- one piece, as binary, and are cut up here: an array of them would be sent as text of twice the size.
CREATE FUNCTION {s}.publish(
  _revision bigint, _queues text[], _ranks smallint[], _not_before timestamptz[], _exchanges text[], _keys text[],
  _starts integer[], _headers integer[], _properties integer[], _bodies integer[], _bytes bytea
) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT r.revision > _revision FROM {s}.routes r) THEN RETURN false; END IF;
  INSERT INTO {s}.messages (queue, rank, not_before, exchange, routing_key, headers, properties, body)
  SELECT m.queue, m.rank, m.not_before, m.exchange, m.key,
    convert_from(substring(_bytes FROM m.start FOR m.headers), 'UTF8'),
    convert_from(substring(_bytes FROM m.start + m.headers FOR m.properties), 'UTF8'),
    substring(_bytes FROM m.start + m.headers + m.properties FOR m.body)
  FROM unnest(_queues, _ranks, _not_before, _exchanges, _keys, _starts, _headers, _properties, _bodies)
    AS m (queue, rank, not_before, exchange, key, start, headers, properties, body);
  PERFORM {s}.wake(_queues);
  RETURN true;
END $$;

CREATE FUNCTION {s}.wake(_queues text[]) RETURNS void LANGUAGE plpgsql
  SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off AS $$
BEGIN
  PERFORM pg_notify('{s}_wake', w.queue) FROM {s}.waiting w WHERE w.queue = ANY (_queues) GROUP BY w.queue;
END $$;

-- Nothing is lost when the server forgets in a crash that a message was taken, or acknowledged: it is delivered again.
-- So these do not wait for the disk.
CREATE FUNCTION {s}.take(_queue text, _holder bigint, _limit integer, _rank smallint, _after bigint)
RETURNS TABLE (
  id bigint, rank smallint, redelivered boolean, exchange text, routing_key text, headers text, properties text, body bytea
) LANGUAGE plpgsql SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off AS $$
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  RETURN QUERY
  UPDATE {s}.messages m SET holder = _holder
  WHERE m.ctid = ANY (ARRAY(
    SELECT w.ctid FROM {s}.messages w
    WHERE w.queue = _queue AND w.holder IS NULL AND w.not_before IS NULL AND (w.rank, w.id) > (_rank, _after)
    ORDER BY w.queue, w.rank, w.id LIMIT _limit FOR UPDATE SKIP LOCKED))
  RETURNING m.id, m.rank, m.redelivered, m.exchange, m.routing_key, m.headers, m.properties, m.body;
END $$;

CREATE FUNCTION {s}.ack(_holder bigint, _ids bigint[]) RETURNS void LANGUAGE plpgsql
  SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off AS $$
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  DELETE FROM {s}.messages m WHERE m.holder = _holder AND m.id = ANY (_ids);
END $$;

CREATE FUNCTION {s}.requeue(_holder bigint, _ids bigint[]) RETURNS void LANGUAGE plpgsql
  SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE _queues text[];
BEGIN
  WITH back AS (
    UPDATE {s}.messages m SET holder = NULL, redelivered = true
    WHERE m.holder = _holder AND m.id = ANY (_ids) RETURNING m.queue)
  SELECT array_agg(DISTINCT back.queue) INTO _queues FROM back;
  PERFORM {s}.wake(_queues);
END $$;

-- Headers that are null stay as they are.
CREATE FUNCTION {s}.park(_holder bigint, _ids bigint[], _until timestamptz[], _headers text[]) RETURNS void
LANGUAGE plpgsql SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  UPDATE {s}.messages m
  SET holder = NULL, not_before = p.until, headers = coalesce(p.headers, m.headers), redelivered = false, starts = 0
  FROM unnest(_ids, _until, _headers) AS p (id, until, headers)
  WHERE m.holder = _holder AND m.id = p.id;
END $$;

-- Lets what is due wait for consumers; returns how many these were and when the next is due.
CREATE FUNCTION {s}.unpark(_limit integer, OUT moved bigint, OUT next timestamptz) LANGUAGE plpgsql
  SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off AS $$
DECLARE _queues text[];
BEGIN
  WITH due AS (
    UPDATE {s}.messages m SET not_before = NULL
    WHERE m.ctid = ANY (ARRAY(
      SELECT p.ctid FROM {s}.messages p WHERE p.not_before <= clock_timestamp()
      ORDER BY p.not_before LIMIT _limit FOR UPDATE SKIP LOCKED))
    RETURNING m.queue)
  SELECT count(*), array_agg(DISTINCT due.queue) INTO moved, _queues FROM due;
  PERFORM {s}.wake(_queues);
  SELECT p.not_before INTO next FROM {s}.messages p WHERE p.not_before IS NOT NULL ORDER BY p.not_before LIMIT 1;
END $$;

-- Takes back what is held under leases that are over; returns how many messages these were.
CREATE FUNCTION {s}.take_back() RETURNS bigint LANGUAGE plpgsql
  SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
  _dead bigint[] := ARRAY(SELECT h.id FROM {s}.holders h WHERE h.lease_until < clock_timestamp());
  _queues text[];
  _count bigint;
BEGIN
  IF cardinality(_dead) = 0 THEN RETURN 0; END IF;
  WITH back AS (
    UPDATE {s}.messages m SET holder = NULL, redelivered = true WHERE m.holder = ANY (_dead) RETURNING m.queue)
  SELECT count(*), array_agg(DISTINCT back.queue) INTO _count, _queues FROM back;
  PERFORM {s}.wake(_queues);
  DELETE FROM {s}.waiting w WHERE w.holder = ANY (_dead);
  DELETE FROM {s}.holders h WHERE h.lease_until < clock_timestamp() - interval '10 minutes';
  RETURN _count;
END $$;

-- A task that succeeded stays so. Tells those who watch, with what fits into a notification; of the rest only the id.
CREATE FUNCTION {s}.store_results(
  _ids text[], _statuses text[], _starts integer[], _lengths integer[], _metas bytea, _lifetime double precision
) RETURNS void LANGUAGE plpgsql
  SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  _version bigint := nextval('{s}.result_version');
  _expires timestamptz := now() + make_interval(secs => _lifetime);
  _told bigint;
BEGIN
  IF NOT EXISTS (SELECT FROM {s}.watches) THEN
    ${storeResults};
    RETURN;
  END IF;
  WITH stored AS (
    ${storeResults}
    RETURNING r.task_id, r.version, r.meta)
  SELECT count(pg_notify(w.channel, s.version || ' ' ||
    CASE WHEN octet_length(s.meta) < 7900 THEN s.meta ELSE '@' || s.task_id END)) INTO _told
  FROM stored s JOIN {s}.watches w ON w.task_id = s.task_id;
END $$;
`
