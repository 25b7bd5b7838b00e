import { dirname, join } from 'node:path'
import { attachEmbedded, type Database, openDatabase } from '@colophon/postgres'
import { atExit } from '../../packages/celery/testing/at-exit.ts'
import { createPostgres } from '../../packages/celery/testing/fault-servers/postgres.ts'
import { createRabbitmq } from '../../packages/celery/testing/fault-servers/rabbitmq.ts'
import { createRedis } from '../../packages/celery/testing/fault-servers/redis.ts'
import type { FaultServer } from '../../packages/celery/testing/fault-servers/server.ts'
import { freePort } from '../../packages/celery/testing/free-port.ts'
import { createMember } from './fleet.ts'
import { killPostmaster } from './postmaster.ts'

/** Something that can be killed and started again: a process of the shop, or a server. */
export interface Victim {
  readonly name: string
  start(): Promise<void>
  kill(): Promise<void>
}

/** A shop that runs, in one process or in many. */
export interface Fleet {
  /** Where the API is. */
  readonly urls: readonly string[]
  /** The settings of every process, for commands beside them. */
  readonly environment: Record<string, string>
  readonly victims: readonly Victim[]
  start(): Promise<void>
  /** Its database, once nothing is killed any more. */
  open(): Promise<{ database: Database; close(): Promise<void> }>
  stop(): Promise<void>
}

export type Shape = 'embedded' | 'fleet'

export interface ShapeOptions {
  /** For data and logs. */
  folder: string
  secretKey: string
}

export function openFleet(shape: Shape, options: ShapeOptions): Promise<Fleet> {
  return shape === 'embedded' ? oneProcess(options) : manyProcesses(options)
}

const common = {
  SAMPLE_CATALOGUE: 'off',
  ADMIN_PASSWORD: 'correct horse battery staple',
  CLIENT_REQUESTS_PER_MINUTE: '0',
  ACCOUNT_REQUESTS_PER_MINUTE: '0',
  LOG_LEVEL: 'info',
  // Every seventh order waits ten seconds for the provider.
  TASK_CONCURRENCY: '48',
}

/** Everything in one process, on the PostgreSQL of its data folder. */
async function oneProcess({ folder, secretKey }: ShapeOptions): Promise<Fleet> {
  const data = join(folder, 'data')
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const environment = {
    ...common,
    DATABASE_URL: `embedded:${data}`,
    SECRET_KEY: secretKey,
    PORT: String(port),
    OPS_PORT: '0',
  }
  const program = createMember({
    name: 'program',
    args: ['serve'],
    environment,
    folder,
    readyAt: `${url}/readyz`,
  })
  const killPostgres = () => killPostmaster(join(data, 'postgres'))
  // A program that is killed leaves it running.
  const takeBack = atExit(killPostgres)
  const postgres: Victim = {
    name: 'postgres',
    // The program brings it back by itself.
    start: async () => {},
    kill: async () => killPostgres(),
  }
  return {
    urls: [url],
    environment,
    victims: [program, postgres],
    start: () => program.start(),
    async open() {
      const embedded = await attachEmbedded({ folder: data, application: 'faults' })
      const database = openDatabase({ connection: embedded.connection, application: 'faults', max: 2 })
      return {
        database,
        async close() {
          await database.close()
          await embedded.release()
        },
      }
    },
    async stop() {
      await program.stop()
      killPostgres()
      takeBack()
    },
  }
}

/** Each part in processes of its own, on a PostgreSQL, a RabbitMQ and a Redis of the trial's. */
async function manyProcesses({ folder, secretKey }: ShapeOptions): Promise<Fleet> {
  const [postgres, rabbitmq, redis] = [
    await createPostgres(join(folder, 'postgres')),
    await createRabbitmq(folder),
    await createRedis(folder),
  ]
  const sandboxPort = await freePort()
  const environment = {
    ...common,
    SECRET_KEY: secretKey,
    DATABASE_URL: databaseUrl(postgres),
    BROKER_URL: rabbitmq.urlAt(portOf(rabbitmq)),
    RESULT_BACKEND_URL: redis.urlAt(portOf(redis)),
    PAYMENTS_URL: `http://127.0.0.1:${sandboxPort}`,
    PAYMENTS_SANDBOX_PORT: String(sandboxPort),
  }
  const servers = [postgres, rabbitmq, redis]
  const apis = await Promise.all([1, 2].map((number) => api(number, environment, folder)))
  const member = (name: string, args: readonly string[]) => createMember({ name, args, environment, folder })
  const others = [
    member('sandbox', ['serve', 'payments-sandbox']),
    member('relay 1', ['relay']),
    member('relay 2', ['relay']),
    member('worker 1', ['worker']),
    member('worker 2', ['worker']),
    member('beat 1', ['beat']),
    member('beat 2', ['beat']),
  ]
  const members = [...apis.map(({ process }) => process), ...others]
  return {
    urls: apis.map(({ url }) => url),
    environment,
    victims: [...servers, ...members],
    async start() {
      for (const server of servers) await server.start()
      // The first makes the tables, which the others find.
      for (const one of members) await one.start()
    },
    async open() {
      const database = openDatabase({
        connection: { url: environment.DATABASE_URL },
        application: 'faults',
        max: 2,
      })
      return { database, close: () => database.close() }
    },
    async stop() {
      await Promise.all(members.map((one) => one.stop()))
      for (const server of servers) await server.stop()
    },
  }
}

async function api(number: number, environment: Record<string, string>, folder: string) {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const own = { ...environment, PORT: String(port), OPS_PORT: '0' }
  const args = ['serve', 'api']
  const process = createMember({
    name: `api ${number}`,
    args,
    environment: own,
    folder,
    readyAt: `${url}/readyz`,
  })
  return { url, process }
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
