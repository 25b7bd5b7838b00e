import { openBroker } from '../../src/brokers/open.ts'
import type { Broker, QueueDeclaration } from '../../src/brokers/port.ts'
import { createPostgresBroker } from '../../src/brokers/postgres/index.ts'
import { createRedisBroker } from '../../src/brokers/redis/index.ts'
import type { Celery } from '../../src/create-celery.ts'
import { createCelery } from '../../src/create-celery.ts'
import { defaultLog, type Log } from '../../src/log.ts'
import { createPostgres } from '../../testing/fault-servers/postgres.ts'
import { createRabbitmq } from '../../testing/fault-servers/rabbitmq.ts'
import { createRedis } from '../../testing/fault-servers/redis.ts'
import type { FaultServer } from '../../testing/fault-servers/server.ts'

export const brokerKinds = ['amqp', 'amqp-quorum', 'redis', 'postgres'] as const
export type BrokerKind = (typeof brokerKinds)[number]

/** The queue of every trial. */
export const queueName = 'faults'

/** Seconds after which what a dead worker held comes again, where that goes by a lease. */
const leaseTimeout = 6

/** The broker first, then the result store where that is another server. They run when this resolves. */
export async function startServers(kind: BrokerKind, folder: string): Promise<FaultServer[]> {
  const servers: FaultServer[] = []
  try {
    if (kind === 'postgres') servers.push(await createPostgres(folder))
    else {
      if (kind !== 'redis') servers.push(await createRabbitmq(folder))
      servers.push(await createRedis(folder))
    }
    await Promise.all(servers.map((server) => server.start()))
    return servers
  } catch (error) {
    await Promise.allSettled(servers.map((server) => server.stop()))
    throw error
  }
}

export interface Place {
  kind: BrokerKind
  /** URLs of the broker and of the result store. */
  broker: string
  results: string
}

export async function createFaultsApp(
  { kind, broker, results }: Place,
  log: Log = defaultLog,
): Promise<Celery> {
  return createCelery({
    broker: await brokerOf(kind, broker, log),
    results,
    defaultQueue: queueName,
    queues: [queueOf(kind)],
    log,
  })
}

function queueOf(kind: BrokerKind): QueueDeclaration {
  return { name: queueName, ...(kind === 'amqp-quorum' && { arguments: { 'x-queue-type': 'quorum' } }) }
}

/** With leases so short that a trial sees them run out again and again. */
async function brokerOf(kind: BrokerKind, url: string, log: Log): Promise<Broker> {
  if (kind === 'redis') return createRedisBroker(url, { leaseTimeout, log })
  if (kind === 'postgres') return createPostgresBroker(url, { leaseTimeout, log })
  return await openBroker(url, { log })
}
