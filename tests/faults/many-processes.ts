import { dirname, join } from 'node:path'
import { openDatabase } from '@colophon/postgres'
import { createPostgres } from '../../packages/celery/testing/fault-servers/postgres.ts'
import { createRabbitmq } from '../../packages/celery/testing/fault-servers/rabbitmq.ts'
import { createRedis } from '../../packages/celery/testing/fault-servers/redis.ts'
import type { FaultServer } from '../../packages/celery/testing/fault-servers/server.ts'
import { freePort } from '../../packages/celery/testing/free-port.ts'
import { createMember, type Member, stopAll } from './fleet.ts'
import { fleetSettings } from './settings.ts'
import type { Fleet, ShapeOptions } from './shapes.ts'

/** Each part in processes of its own, on a PostgreSQL, a RabbitMQ and a Redis of the trial's. */
export async function manyProcesses({ folder, secretKey }: ShapeOptions): Promise<Fleet> {
  const postgres = await createPostgres(join(folder, 'postgres'))
  const [rabbitmq, redis] = [await createRabbitmq(folder), await createRedis(folder)]
  const servers = [postgres, rabbitmq, redis].map((server) => ({ ...server, isServer: true }))
  const [sandboxPort, ...apiPorts] = [await freePort(), await freePort(), await freePort()]
  const urls = apiPorts.map((port) => `http://127.0.0.1:${port}`)
  const environment = fleetSettings({
    secretKey,
    databaseUrl: databaseUrl(postgres),
    brokerUrl: rabbitmq.urlAt(portOf(rabbitmq)),
    resultsUrl: redis.urlAt(portOf(redis)),
    apiUrls: urls,
    sandboxPort,
  })
  const { first, sandbox, others } = await membersOf(environment, urls, folder)
  const members = [first, sandbox, ...others]
  return {
    urls,
    environment,
    victims: [...servers, ...members],
    sandboxLog: sandbox.log,
    async start() {
      await Promise.all(servers.map((server) => server.start()))
      // It makes the tables, which the others find.
      await first.start()
      await Promise.all([sandbox, ...others].map((one) => one.start()))
    },
    async open() {
      const connection = { url: environment.DATABASE_URL ?? '' }
      const database = openDatabase({ connection, application: 'faults', max: 2 })
      return { database, close: () => database.close() }
    },
    stop: async () => [...(await stopAll(members)), ...(await stopAll(servers))],
  }
}

async function membersOf(
  environment: Record<string, string>,
  [firstUrl = '', secondUrl = '']: readonly string[],
  folder: string,
) {
  const member = (name: string, ...args: string[]) => withOps(name, args, environment, folder)
  const api = async (name: string, url: string) => ({
    ...(await withOps(name, ['serve', 'api'], { ...environment, PORT: new URL(url).port }, folder)),
    api: url,
  })
  return {
    first: await api('api 1', firstUrl),
    sandbox: await member('sandbox', 'serve', 'payments-sandbox'),
    others: [
      await api('api 2', secondUrl),
      await member('relay 1', 'relay'),
      await member('relay 2', 'relay'),
      await member('worker 1', 'worker'),
      await member('worker 2', 'worker'),
      await member('beat 1', 'beat'),
      await member('beat 2', 'beat'),
    ],
  }
}

/** A process that tells at a port of its own when it is ready. */
async function withOps(
  name: string,
  args: readonly string[],
  environment: Record<string, string>,
  folder: string,
): Promise<Member> {
  const port = await freePort()
  const own = { ...environment, OPS_PORT: String(port) }
  return createMember({ name, args, environment: own, folder, readyAt: `http://127.0.0.1:${port}/readyz` })
}

function portOf({ name, target }: FaultServer): number {
  if ('port' in target) return target.port
  throw new Error(`${name} listens on a socket`)
}

/** The URL of a PostgreSQL that listens on a unix socket, whose folder stands in the query. */
function databaseUrl({ target, urlAt }: FaultServer): string {
  if (!('path' in target)) throw new Error('not on a socket')
  return `${urlAt(5432)}?host=${encodeURIComponent(dirname(target.path))}`
}
