// The least that a worker of Celery's protocol could do on RabbitMQ: take a message with amqplib, read it, write and
// tell its result as Celery does, and acknowledge it when that is written. Redis is sent what comes up in one turn of
// the event loop together; the two commands are no transaction, which would be two more.
import amqp from 'amqplib'
import { Redis } from 'ioredis'

const { BENCH_BROKER = '', BENCH_RESULTS = '', BENCH_QUEUE = '', BENCH_PREFETCH = '128' } = process.env
const redis = new Redis(BENCH_RESULTS, { enableAutoPipelining: true })
const prefix = new URL(BENCH_RESULTS).searchParams.get('global_keyprefix') ?? ''
const connection = await amqp.connect(BENCH_BROKER)
const channel = await connection.createChannel()
await channel.assertQueue(BENCH_QUEUE, { durable: true })
await channel.prefetch(Number(BENCH_PREFETCH))
await channel.consume(BENCH_QUEUE, async (message) => {
  if (!message) return
  const [args] = JSON.parse(message.content.toString()) as [unknown[]]
  const id: string = message.properties.headers?.id
  const key = `${prefix}celery-task-meta-${id}`
  const meta = JSON.stringify({
    task_id: id,
    status: 'SUCCESS',
    result: args[0] ?? null,
    traceback: null,
    children: [],
    date_done: new Date().toISOString(),
  })
  await Promise.all([redis.setex(key, 86_400, meta), redis.publish(key, meta)])
  channel.ack(message)
})
