import { CeleryError } from '../errors.ts'
import type { Log } from '../log.ts'
import { type Checks, checkOptions, checkValue } from '../options/check.ts'
import { logger, url as urlCheck } from '../options/kinds.ts'
import type { Broker } from './port.ts'

export interface BrokerOptions {
  log?: Log
}

const checks: Checks<BrokerOptions> = { log: logger }

/**
 * The broker of a URL, not connected yet: `amqp://`, `amqps://`, `redis://`, `rediss://`, `postgres://` or `memory:`,
 * or as kombu also writes them `pyamqp://`, `redis+socket://` and `socket://`. Its client library is loaded now, so
 * that nobody loads those they do not use.
 * @throws CeleryError `BAD_OPTION` when the URL is none of these, or has an option that makes no sense
 */
export async function openBroker(url: string, options: BrokerOptions = {}): Promise<Broker> {
  checkValue(url, urlCheck, 'url', 'openBroker')
  checkOptions(options, checks, 'openBroker')
  switch (schemeOf(url)) {
    case 'amqp':
    case 'amqps':
    case 'pyamqp':
      return (await import('./amqp/index.ts')).createAmqpBroker(url, options)
    case 'redis':
    case 'rediss':
    case 'redis+socket':
    case 'socket':
      return (await import('./redis/index.ts')).createRedisBroker(url, options)
    case 'postgres':
    case 'postgresql':
      return (await import('./postgres/index.ts')).createPostgresBroker(url, options)
    case 'memory':
      return (await import('./memory/index.ts')).createMemoryBroker({ name: url.slice('memory:'.length) })
    default:
      throw new CeleryError(
        'BAD_OPTION',
        'The broker must be a URL that begins with amqp://, amqps://, redis://, rediss://, redis+socket://, postgres:// or memory:.',
      )
  }
}

/** Says nothing of the rest, which may hold a password. */
function schemeOf(url: string): string {
  return url.slice(0, Math.max(0, url.indexOf(':'))).toLowerCase()
}
