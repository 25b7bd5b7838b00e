// The least that it takes to publish a task: amqplib's confirm channel or LPUSH, with all but the ids taken from a
// message that was sent before, so that the bytes are as many. Arguments and output as of publish-ours.ts.
import { randomUUID } from 'node:crypto'
import amqp from 'amqplib'
import { Redis } from 'ioredis'
import { app, noop } from './app.ts'
import { timed } from './timed.ts'

const { BENCH_BROKER = '', BENCH_QUEUE = '' } = process.env
const [count = 0, atOnce = 1] = process.argv.slice(2).map(Number)
await noop.send({}, { ignoreResult: true })
await app.close()
await (BENCH_BROKER.startsWith('amqp') ? overRabbit() : overRedis())

async function overRabbit(): Promise<void> {
  const connection = await amqp.connect(BENCH_BROKER)
  const channel = await connection.createConfirmChannel()
  const message = await channel.get(BENCH_QUEUE, { noAck: true })
  if (!message) throw new Error('the message is not there')
  const { content, properties } = message
  await timed(count, atOnce, () => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const id = randomUUID()
    const headers = { ...properties.headers, id, root_id: id }
    const options = { ...properties, headers, correlationId: id, mandatory: true }
    channel.publish('', BENCH_QUEUE, content, options, (error) => (error ? reject(error) : resolve()))
    return promise
  })
  await connection.close()
}

async function overRedis(): Promise<void> {
  const redis = new Redis(BENCH_BROKER, { enableAutoPipelining: true })
  const key = `${new URL(BENCH_BROKER).searchParams.get('global_keyprefix')}${BENCH_QUEUE}`
  const text = await redis.rpop(key)
  if (text === null) throw new Error('the message is not there')
  const { headers, properties, ...rest } = JSON.parse(text)
  await timed(count, atOnce, () => {
    const id = randomUUID()
    const own = {
      ...rest,
      headers: { ...headers, id, root_id: id },
      properties: { ...properties, correlation_id: id, delivery_tag: randomUUID() },
    }
    return redis.lpush(key, JSON.stringify(own))
  })
  await redis.quit()
}
