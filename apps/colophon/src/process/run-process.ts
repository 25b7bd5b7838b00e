import { once } from 'node:events'
import { defaultLimits } from '@colophon/http'
import { createLogger } from '@colophon/runtime'
import type { Io } from '../io.ts'
import type { Config } from '../settings.ts'
import { openStore } from '../store.ts'
import { refuseTakenPorts } from '../taken-port.ts'
import { announce } from './announce.ts'
import { compose } from './compose.ts'
import type { Role } from './roles.ts'

export interface ProcessOptions {
  /** The command, such as `colophon serve`. */
  name: string
  roles: readonly Role[]
  /** What only one process at a time may be on an embedded database. */
  exclusive?: string
}

/**
 * Is what `roles` say until it is told to stop.
 * @throws Error in one line, when it could not start or cannot go on
 */
export async function runProcess(config: Config, io: Io, options: ProcessOptions): Promise<void> {
  const { name, roles, exclusive } = options
  const began = performance.now()
  const logger = createLogger({ level: config.logLevel, readable: io.stdout.isTTY === true })
  const isApi = roles.includes('api')
  if (isApi) await refuseTakenPorts(config)
  const store = await openStore({
    config,
    logger,
    application: name,
    ...(exclusive !== undefined && { exclusive }),
    signal: io.interrupted,
    // A request's own deadline: then no statement of an ordinary one needs its timeout set by a further message.
    ...(isApi && { statementTimeout: defaultLimits.requestMs }),
  })
  const failed = new AbortController()
  const fail = (error: unknown) => failed.abort(error)
  const composed = await compose({ config, io, logger, store, roles, fail }).catch(async (error: unknown) => {
    await store.close()
    throw error
  })
  store.onLost(fail)
  const stop = AbortSignal.any([io.interrupted, failed.signal])
  const stopping = stop.aborted ? Promise.resolve() : once(stop, 'abort')
  // While starting, too: the part that is starting is the last one then.
  const stopped = stopping.then(() => composed.lifecycle.stop())
  await composed.lifecycle.start()
  if (!stop.aborted) {
    const took = performance.now() - began
    await announce({ io, logger, places: composed.places(), news: composed.news(), took })
  }
  await stopped
  if (failed.signal.aborted) throw failed.signal.reason
  logger.info('stopped')
}
