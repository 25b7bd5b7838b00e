import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { createVirtualHost } from '../control/support/virtual-host.ts'
import { removeKeys } from '../redis/keys.ts'

/** The README's code with servers of this run's own, and what removes their traces. */
export interface Servers {
  name: string
  change(code: string, file: string): string
  drop(): Promise<void>
}

const readmeUrl = 'redis://localhost:6379/0'

export function onRedis(url: string): Servers {
  const prefix = `test-tarball-${randomUUID()}:`
  return {
    name: 'Redis',
    change: (code, file) => withPrefix(code, file, url, prefix),
    drop: () => removeKeys(url, prefix),
  }
}

/** RabbitMQ as the broker, and results in Redis. */
export async function onRabbitMq(amqpUrl: string, redisUrl: string): Promise<Servers> {
  const redis = onRedis(redisUrl)
  const host = await createVirtualHost(amqpUrl)
  return {
    name: 'RabbitMQ',
    change(code, file) {
      const brokers = code.replace(/broker: redis\b|broker='[^']*'/, (text) =>
        text.startsWith('broker:') ? `broker: '${host.url}'` : `broker='${host.url}'`,
      )
      return redis.change(brokers, file)
    },
    async drop() {
      await host.drop()
      await redis.drop()
    },
  }
}

export async function onPostgres(url: string): Promise<Servers> {
  const name = `test_tarball_${randomUUID().replaceAll('-', '')}`
  await administer(url, `CREATE DATABASE ${name}`)
  const own = new URL(url)
  own.pathname = `/${name}`
  return {
    name: 'PostgreSQL',
    change: (code) => code.replaceAll(readmeUrl, own.href),
    drop: () => administer(url, `DROP DATABASE ${name} WITH (FORCE)`),
  }
}

function withPrefix(code: string, file: string, url: string, prefix: string): string {
  if (!file.endsWith('.py')) return code.replaceAll(readmeUrl, `${url}?global_keyprefix=${prefix}`)
  const options = `{'global_keyprefix': '${prefix}'}`
  const settings = `app.conf.update(broker_transport_options=${options}, result_backend_transport_options=${options})`
  return code.replaceAll(readmeUrl, url).replace(/^app = .*$/m, (line) => `${line}\n${settings}`)
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
