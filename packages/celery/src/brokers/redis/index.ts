import type { Log } from '../../log.ts'
import { type Checks, checkOptions } from '../../options/check.ts'
import { anyText, logger, someSeconds } from '../../options/kinds.ts'
import { readRedisUrl } from '../../redis/target.ts'
import type { Broker } from '../port.ts'
import { RedisBroker } from './broker.ts'

/** What the URL of Redis as a broker cannot say. Durations in seconds. */
export interface RedisBrokerOptions {
  /** kombu's `global_keyprefix`, also an option of the URL. */
  globalKeyPrefix?: string
  /**
   * Seconds after which the messages of a worker of this package that is gone are delivered again: 60 when absent. A
   * task may run as long as it likes, since its worker says all the time that it is there. Also the option
   * `lease_timeout` of the URL.
   */
  leaseTimeout?: number
  /**
   * Seconds after which messages that a Python worker holds are delivered again, as kombu's `visibility_timeout`,
   * with which it must agree: 3,600 when absent. Also an option of the URL.
   */
  visibilityTimeout?: number
  /** Seconds an answer may take before the connection counts as lost: 5 when absent, or the URL's `socket_timeout`. */
  commandTimeout?: number
  /** Seconds: 5 when absent, or the URL's `socket_connect_timeout`. */
  connectTimeout?: number
  log?: Log
}

const checks: Checks<RedisBrokerOptions> = {
  globalKeyPrefix: anyText,
  leaseTimeout: someSeconds,
  visibilityTimeout: someSeconds,
  commandTimeout: someSeconds,
  connectTimeout: someSeconds,
  log: logger,
}

/**
 * Redis 6.2 or Valkey as a broker, in kombu's layout, beside Python's or alone. Not a cluster.
 * @param url `redis://user:password@host:6379/0`, `rediss://` with TLS
 * @throws CeleryError `BAD_OPTION`, for options in the URL too
 */
export function createRedisBroker(url: string, options: RedisBrokerOptions = {}): Broker {
  checkOptions(options, checks, 'createRedisBroker')
  return new RedisBroker(readRedisUrl(url), options)
}
