import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { CeleryError } from '../errors.ts'
import type { Check } from '../options/check.ts'
import { anyText, someSeconds, text } from '../options/kinds.ts'
import { numberIn, numeral, readQuery } from '../options/url-query.ts'

/** Where a Redis server is and how to sign in, read from a URL as kombu and Celery write it. */
export interface RedisTarget {
  host: string
  port: number
  /** The path of a Unix socket, in place of host and port. */
  path: string | undefined
  db: number
  username: string | undefined
  password: string | undefined
  tls: TlsFiles | undefined
  options: RedisUrlOptions
}

export interface TlsFiles {
  verify: boolean
  ca: string | undefined
  cert: string | undefined
  key: string | undefined
}

/** Options of the URL's query. Durations in seconds. */
export interface RedisUrlOptions {
  globalKeyPrefix: string | undefined
  visibilityTimeout: number | undefined
  leaseTimeout: number | undefined
  commandTimeout: number | undefined
  connectTimeout: number | undefined
}

const duration = numeral(someSeconds)
const ignored: Check = { expected: 'anything', fits: () => true }

/** kombu's names, where it has them. */
const queryChecks = {
  global_keyprefix: anyText,
  visibility_timeout: duration,
  lease_timeout: duration,
  socket_timeout: duration,
  socket_connect_timeout: duration,
  ssl_cert_reqs: {
    expected: 'required, optional or none',
    fits: (value) => typeof value === 'string' && /^(?:cert_)?(?:required|optional|none)$/i.test(value),
  },
  ssl_ca_certs: text,
  ssl_certfile: text,
  ssl_keyfile: text,
  virtual_host: anyText,
  // Those of redis-py that have no meaning here.
  health_check_interval: ignored,
  max_connections: ignored,
  retry_on_timeout: ignored,
  socket_keepalive: ignored,
} satisfies Record<string, Check>

type Query = { readonly [Name in keyof typeof queryChecks]?: string }

const schemes = new Set(['redis:', 'rediss:', 'redis+socket:', 'socket:'])

/** Throws `BAD_OPTION` on a URL that is none, without its password. */
export function readRedisUrl(source: string): RedisTarget {
  const url = URL.parse(source)
  if (!url || !schemes.has(url.protocol)) {
    throw badUrl('it has the form redis://user:password@host:6379/0, or rediss:// with TLS')
  }
  const isSocket = url.protocol.endsWith('socket:')
  const query = readQuery<Query>(url, queryChecks, 'the URL of Redis')
  const db = isSocket ? query.virtual_host : decoded(url.pathname)
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1') || '127.0.0.1',
    port: url.port === '' ? 6379 : Number(url.port),
    path: isSocket ? decoded(url.pathname) : undefined,
    db: readDatabase(db ?? ''),
    username: decoded(url.username) || undefined,
    password: decoded(url.password) || undefined,
    tls: url.protocol === 'rediss:' ? readTls(query) : undefined,
    options: {
      globalKeyPrefix: query.global_keyprefix,
      visibilityTimeout: numberIn(query.visibility_timeout),
      leaseTimeout: numberIn(query.lease_timeout),
      commandTimeout: numberIn(query.socket_timeout),
      connectTimeout: numberIn(query.socket_connect_timeout),
    },
  }
}

/** What Node's TLS needs, with the files read. */
export async function tlsOptionsOf(target: RedisTarget): Promise<ConnectionOptions | undefined> {
  if (!target.tls) return undefined
  const { verify, ca, cert, key } = target.tls
  const read = (file: string | undefined) => (file === undefined ? undefined : readFile(file))
  const [caBytes, certBytes, keyBytes] = await Promise.all([read(ca), read(cert), read(key)])
  return {
    // TLS knows no addresses as names.
    ...(isIP(target.host) === 0 && { servername: target.host }),
    rejectUnauthorized: verify,
    ...(caBytes && { ca: caBytes }),
    ...(certBytes && { cert: certBytes }),
    ...(keyBytes && { key: keyBytes }),
  }
}

function readDatabase(text: string): number {
  const digits = text.replace(/^\/+|\/+$/g, '')
  if (digits === '') return 0
  if (!/^\d{1,5}$/.test(digits)) throw badUrl('its path is the number of a database, such as /0')
  return Number(digits)
}

function readTls(query: Query): TlsFiles {
  return {
    verify: !/none$/i.test(query.ssl_cert_reqs ?? ''),
    ca: query.ssl_ca_certs,
    cert: query.ssl_certfile,
    key: query.ssl_keyfile,
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw badUrl('a % in it stands for itself only as %25')
  }
}

function badUrl(why: string): CeleryError {
  return new CeleryError('BAD_OPTION', `The URL of Redis cannot be used: ${why}.`)
}
