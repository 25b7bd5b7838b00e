// The least that a worker on PostgreSQL could do with messages that are to come again when it dies, however long they
// take: a batch is taken by marking it (a transaction held open for as long as the tasks run would stop vacuum and
// need a connection for each), its results are written as one INSERT of many rows, and then it is deleted. On the same
// tables, with the worker's own durability: only results wait for the disk.
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'

const { BENCH_BROKER = '', BENCH_QUEUE = '', BENCH_BATCH = '128' } = process.env
const messages = await connect('-c synchronous_commit=off -c enable_seqscan=off')
const results = await connect('-c enable_seqscan=off')
const holder = -process.pid
const take = `UPDATE celery.messages m SET holder = $1
  WHERE m.ctid = ANY (ARRAY(
    SELECT w.ctid FROM celery.messages w
    WHERE w.queue = $2 AND w.holder IS NULL AND w.not_before IS NULL AND (w.rank, w.id) > (0, $3)
    ORDER BY w.queue, w.rank, w.id LIMIT $4 FOR UPDATE SKIP LOCKED))
  RETURNING m.id, m.headers, m.body`
const store = `INSERT INTO celery.results (task_id, status, meta, version, expires_at)
  SELECT r.id, 'SUCCESS', r.meta, nextval('celery.result_version'), now() + interval '1 day'
  FROM unnest($1::text[], $2::text[]) AS r (id, meta)`
const remove = 'DELETE FROM celery.messages WHERE holder = $1 AND id = ANY ($2::bigint[])'

let isStopping = false
process.on('SIGTERM', () => {
  isStopping = true
})
for (let last = '0'; !isStopping; ) {
  const { rows } = await messages.query({
    name: 'take',
    text: take,
    values: [holder, BENCH_QUEUE, last, BENCH_BATCH],
  })
  if (rows.length === 0) {
    await pause(5)
    continue
  }
  const done = rows.map(({ headers, body }) => run(JSON.parse(headers).id, body))
  const values = [done.map(({ id }) => id), done.map(({ meta }) => meta)]
  await results.query({ name: 'store', text: store, values })
  const ids = rows.map(({ id }) => id)
  last = ids.reduce((highest, id) => (Number(id) > Number(highest) ? id : highest))
  await messages.query({ name: 'remove', text: remove, values: [holder, ids] })
}
await Promise.all([messages.end(), results.end()])

function run(id: string, body: Buffer): { id: string; meta: string } {
  const [args] = JSON.parse(body.toString()) as [unknown[]]
  const meta = {
    task_id: id,
    status: 'SUCCESS',
    result: args[0] ?? null,
    traceback: null,
    children: [],
    date_done: new Date().toISOString(),
  }
  return { id, meta: JSON.stringify(meta) }
}

async function connect(options: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: BENCH_BROKER, options })
  await client.connect()
  return client
}
