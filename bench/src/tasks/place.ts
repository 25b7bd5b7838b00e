import { randomUUID } from 'node:crypto'
import { type Celery, createCelery } from '@colophon/celery'
import amqp from 'amqplib'
import { Redis } from 'ioredis'

/** A queue and names of its own on servers that others use as well. */
export interface Place extends AsyncDisposable {
  queue: string
  app: Celery
  /** What the programs beside this file read. */
  env: Record<string, string>
}

/** Removes the queue and every key when it is disposed of. */
export async function placeOn(broker: string, results: string): Promise<Place> {
  const queue = `bench-${randomUUID()}`
  const ours = { broker: withPrefix(broker, `${queue}:`), results: withPrefix(results, `${queue}:`) }
  const app = createCelery({ ...ours, defaultQueue: queue })
  return {
    queue,
    app,
    env: {
      BENCH_BROKER: ours.broker,
      BENCH_RESULTS: ours.results,
      BENCH_QUEUE: queue,
      // Python does not read the prefix from the URL.
      BENCH_PYTHON_BROKER: broker,
      BENCH_PYTHON_RESULTS: results,
      BENCH_PREFIX: `${queue}:`,
    },
    async [Symbol.asyncDispose]() {
      await app.close()
      if (broker.startsWith('amqp')) await removeQueue(broker, queue)
      for (const url of new Set([broker, results].filter(isRedis))) await removeKeys(url, queue)
    },
  }
}

function isRedis(url: string): boolean {
  return url.startsWith('redis')
}

function withPrefix(url: string, prefix: string): string {
  if (!isRedis(url)) return url
  const prefixed = new URL(url)
  prefixed.searchParams.set('global_keyprefix', prefix)
  return prefixed.href
}

/** With the exchange that Celery makes for it. */
async function removeQueue(url: string, name: string): Promise<void> {
  const connection = await amqp.connect(url)
  const channel = await connection.createChannel()
  await channel.deleteQueue(name)
  await channel.deleteExchange(name)
  await connection.close()
}

async function removeKeys(url: string, prefix: string): Promise<void> {
  const redis = new Redis(url)
  for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 1_000 })) {
    if (keys.length > 0) await redis.unlink(...keys)
  }
  await redis.quit()
}
