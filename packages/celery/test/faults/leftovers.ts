import { connect as connectAmqp } from 'amqplib'
import { Redis } from 'ioredis'
import pg from 'pg'
import { delayBits, delayedLevel } from '../../src/brokers/amqp/delay-key.ts'
import { BrokerKeys } from '../../src/brokers/redis/keys.ts'
import { type BrokerKind, queueName } from './kinds.ts'

/** Messages that are still somewhere at the broker when all is done and every worker has stopped: how many, by place. */
export async function messagesLeft(kind: BrokerKind, url: string): Promise<Map<string, number>> {
  const counts = await countersOf[kind](url)
  return new Map(counts.filter(([, count]) => count > 0))
}

type Counts = (readonly [place: string, count: number])[]

const countersOf: Record<BrokerKind, (url: string) => Promise<Counts>> = {
  amqp: inRabbitmq,
  'amqp-quorum': inRabbitmq,
  redis: inRedis,
  postgres: inPostgres,
}

async function inRabbitmq(url: string): Promise<Counts> {
  const connection = await connectAmqp(url)
  try {
    const levels = Array.from({ length: delayBits }, (_, level) => delayedLevel(level))
    const counts: Counts = []
    for (const queue of [queueName, ...levels, 'celery.dead-letters']) {
      // One that is not there closes the channel on which it is asked for.
      const channel = await connection.createChannel()
      channel.on('error', () => undefined)
      const found = await channel.checkQueue(queue).catch(() => undefined)
      counts.push([queue, found?.messageCount ?? 0])
      if (found) await channel.close()
    }
    return counts
  } finally {
    await connection.close()
  }
}

async function inRedis(url: string): Promise<Counts> {
  const redis = new Redis(url)
  const keys = new BrokerKeys('', 0)
  try {
    const lists = await Promise.all(keys.lists(queueName).map((list) => redis.llen(list)))
    return [
      [queueName, lists.reduce((sum, length) => sum + length, 0)],
      [keys.unacked, await redis.hlen(keys.unacked)],
      [keys.unackedIndex, await redis.zcard(keys.unackedIndex)],
      [keys.delayed, await redis.zcard(keys.delayed)],
      [keys.delayedMessages, await redis.hlen(keys.delayedMessages)],
    ]
  } finally {
    redis.disconnect()
  }
}

async function inPostgres(url: string): Promise<Counts> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    const counts: Counts = []
    for (const table of ['messages', 'dead_letters']) {
      const { rows } = await client.query(`SELECT count(*)::int AS count FROM celery.${table}`)
      counts.push([table, rows[0].count])
    }
    return counts
  } finally {
    await client.end()
  }
}

/** Chords that wait for parts which will never come, by the result store: they are forgotten a day later. */
export async function chordsLeft(kind: BrokerKind, url: string): Promise<number> {
  if (kind === 'postgres') {
    const client = new pg.Client(url)
    await client.connect()
    const { rows } = await client.query('SELECT count(*)::int AS count FROM celery.chords')
    await client.end()
    return rows[0].count
  }
  const redis = new Redis(url)
  const found = new Set<string>()
  for await (const keys of redis.scanStream({ match: 'celery-taskset-meta-*.j', count: 1_000 })) {
    for (const key of keys) found.add(key)
  }
  redis.disconnect()
  return found.size
}
