import type { Log } from '../log.ts'
import { type Checks, checkOptions, checkValue } from '../options/check.ts'
import { logger, url as urlCheck } from '../options/kinds.ts'
import { readServerUrl, type ServerKind } from '../server-url.ts'
import type { Broker } from './port.ts'

export interface BrokerOptions {
  log?: Log
}

const checks: Checks<BrokerOptions> = { log: logger }

/**
 * Which broker a URL names, after a look at all of it: what needs no connection is told at once.
 * @throws CeleryError `BAD_OPTION`
 */
export function readBrokerUrl(url: string): ServerKind {
  return readServerUrl(
    url,
    ['amqp', 'redis', 'postgres', 'memory'],
    'The broker must be a URL that begins with amqp://, amqps://, redis://, rediss://, redis+socket://, postgres:// or memory:.',
  )
}

/**
 * The broker of a URL, not connected yet: `amqp://`, `amqps://`, `redis://`, `rediss://`, `postgres://` or `memory:`,
 * or as kombu also writes them `pyamqp://`, `redis+socket://` and `socket://`. Its client library is loaded now, so
 * that nobody loads those they do not use.
 * @throws CeleryError `BAD_OPTION` when the URL is none of these, or has an option that makes no sense
 */
export async function openBroker(url: string, options: BrokerOptions = {}): Promise<Broker> {
  checkValue(url, urlCheck, 'url', 'openBroker')
  checkOptions(options, checks, 'openBroker')
  switch (readBrokerUrl(url)) {
    case 'amqp':
      return (await import('./amqp/index.ts')).createAmqpBroker(url, options)
    case 'redis':
      return (await import('./redis/index.ts')).createRedisBroker(url, options)
    case 'postgres':
      return (await import('./postgres/index.ts')).createPostgresBroker(url, options)
    case 'memory':
      return (await import('./memory/index.ts')).createMemoryBroker({ name: url.slice('memory:'.length) })
  }
}
