// The least that it takes to publish the same bytes: amqplib's confirm channel or LPUSH, with nothing made anew for a
// message. Arguments and output as of publish-ours.ts.
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
  const options = { ...properties, mandatory: true }
  await timed(count, atOnce, () => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    channel.publish('', BENCH_QUEUE, content, options, (error) => (error ? reject(error) : resolve()))
    return promise
  })
  await connection.close()
}

async function overRedis(): Promise<void> {
  const redis = new Redis(BENCH_BROKER, { enableAutoPipelining: true })
  const key = `${new URL(BENCH_BROKER).searchParams.get('global_keyprefix')}${BENCH_QUEUE}`
  const message = await redis.rpop(key)
  if (message === null) throw new Error('the message is not there')
  await timed(count, atOnce, () => redis.lpush(key, message))
  await redis.quit()
}
