import { parseAmqpUrl } from './brokers/amqp/url.ts'
import { CeleryError } from './errors.ts'
import { readPostgresUrl } from './postgres/url.ts'
import { readRedisUrl } from './redis/target.ts'

/** What a URL leads to. */
export type ServerKind = 'amqp' | 'redis' | 'postgres' | 'memory'

const kinds: ReadonlyMap<string, ServerKind> = new Map([
  ['amqp', 'amqp'],
  ['amqps', 'amqp'],
  ['pyamqp', 'amqp'],
  ['redis', 'redis'],
  ['rediss', 'redis'],
  ['redis+socket', 'redis'],
  ['socket', 'redis'],
  ['postgres', 'postgres'],
  ['postgresql', 'postgres'],
  ['memory', 'memory'],
])

const readers: Readonly<Record<ServerKind, (url: string) => unknown>> = {
  amqp: parseAmqpUrl,
  redis: readRedisUrl,
  postgres: readPostgresUrl,
  memory: () => undefined,
}

/**
 * Which of the kinds a URL is, after a look at all of it that takes no client library.
 * @param expected the message for a URL of another kind
 * @throws CeleryError `BAD_OPTION`, which repeats nothing of the URL but its options: it may hold a password
 */
export function readServerUrl<Kind extends ServerKind>(
  url: string,
  allowed: readonly Kind[],
  expected: string,
): Kind {
  const scheme = url.slice(0, Math.max(0, url.indexOf(':'))).toLowerCase()
  const kind = allowed.find((one) => one === kinds.get(scheme))
  if (kind === undefined) throw new CeleryError('BAD_OPTION', expected)
  readers[kind](url)
  return kind
}
