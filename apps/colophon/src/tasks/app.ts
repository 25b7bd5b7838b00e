import {
  type Celery,
  CeleryError,
  type CeleryOptions,
  createCelery,
  createPostgresBroker,
  createPostgresResults,
  type Log,
} from '@colophon/celery'
import { mailsQueue, ordersQueue, paymentsQueue } from '@colophon/orders'
import { ConfigError, continueTrace, type Logger, withContext } from '@colophon/runtime'
import type { Config } from '../settings.ts'
import { taskConnections } from './connections.ts'

/** Where tasks wait that ask nobody outside; payments and mails have places of their own in a worker. */
export const taskQueues = [ordersQueue, 'catalog']

/** Seconds after which what a worker held that was killed is done by another; one that lives goes on telling so. */
const leaseTimeout = 20

/** Other places for tests than those that the settings name. */
export type TaskPlaces = Pick<CeleryOptions, 'broker' | 'results'>

/**
 * The app whose tasks are defined by the services, not connected yet.
 * @param databaseUrl the shop's database, where tasks wait unless the settings say otherwise
 * @throws ConfigError for a URL that leads nowhere
 */
export function createTasks(
  config: Pick<Config, 'brokerUrl' | 'resultBackendUrl'>,
  databaseUrl: string,
  logger: Logger,
  places?: TaskPlaces,
): Celery {
  const log = quieter(logger)
  try {
    return createCelery({
      ...(places ?? placesOf(config, databaseUrl, log)),
      queues: [...taskQueues, paymentsQueue, mailsQueue].map((name) => ({ name })),
      // Of Celery's own tasks, such as those of chords. `celery` itself may be another program's on the same broker.
      defaultQueue: ordersQueue,
      log,
    })
  } catch (error) {
    if (!(error instanceof CeleryError)) throw error
    throw new ConfigError(`BROKER_URL or RESULT_BACKEND_URL: ${error.message}`)
  }
}

function placesOf(
  { brokerUrl, resultBackendUrl }: Pick<Config, 'brokerUrl' | 'resultBackendUrl'>,
  databaseUrl: string,
  log: Log,
): TaskPlaces {
  const { broker, results } = taskConnections
  return {
    broker: brokerUrl ?? createPostgresBroker(databaseUrl, { maxConnections: broker, leaseTimeout, log }),
    results: resultBackendUrl ?? createPostgresResults(databaseUrl, { maxConnections: results, log }),
  }
}

/** Says what happens all the time, such as each run of an entry of beat, to those only who look for it. */
function quieter(logger: Logger): Log {
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.debug(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
  }
}

/** Has every task that is defined by now run within the trace of who sent it, so that its log lines and queries tell. */
export function runInTraces(app: Celery): void {
  for (const definition of app.tasks.values()) {
    const run = definition.run.bind(definition)
    definition.run = (input, context) => {
      const { traceparent } = context.headers
      const parent = typeof traceparent === 'string' ? traceparent : undefined
      const work = { requestId: context.id, traceparent: continueTrace(parent) }
      return withContext(work, () => run(input, context))
    }
  }
}
