import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { CeleryError } from '../errors.ts'

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
  /** Options of the URL's query, under kombu's names where it has them. */
  options: Readonly<Partial<Record<UrlOption, string>>>
}

export interface TlsFiles {
  verify: boolean
  ca: string | undefined
  cert: string | undefined
  key: string | undefined
}

const usedOptions = [
  'global_keyprefix',
  'visibility_timeout',
  'lease_timeout',
  'socket_timeout',
  'socket_connect_timeout',
] as const
const tlsOptions = ['ssl_cert_reqs', 'ssl_ca_certs', 'ssl_certfile', 'ssl_keyfile'] as const
/** Those of redis-py that have no meaning here. */
const ignoredOptions = ['health_check_interval', 'max_connections', 'retry_on_timeout', 'socket_keepalive']

export type UrlOption = (typeof usedOptions)[number]

const schemes = new Set(['redis:', 'rediss:', 'redis+socket:', 'socket:'])

/** Throws `BAD_OPTION` on a URL that is none, without its password. */
export function readRedisUrl(text: string): RedisTarget {
  const url = URL.parse(text)
  if (!url || !schemes.has(url.protocol)) {
    throw badUrl('it has the form redis://user:password@host:6379/0, or rediss:// with TLS')
  }
  const isSocket = url.protocol.endsWith('socket:')
  const query = readQuery(url)
  const db = isSocket ? query.get('virtual_host') : decoded(url.pathname)
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1') || '127.0.0.1',
    port: url.port === '' ? 6379 : Number(url.port),
    path: isSocket ? decoded(url.pathname) : undefined,
    db: readDatabase(db ?? ''),
    username: decoded(url.username) || undefined,
    password: decoded(url.password) || undefined,
    tls: url.protocol === 'rediss:' ? readTls(query) : undefined,
    options: Object.fromEntries(usedOptions.flatMap((name) => entry(name, query.get(name)))),
  }
}

/** A positive number of seconds of the URL, or undefined when it is not there. */
export function secondsOption(target: RedisTarget, name: UrlOption): number | undefined {
  const text = target.options[name]
  if (text === undefined) return undefined
  const seconds = Number(text)
  if (!(seconds > 0)) throw badUrl(`${name} is a number of seconds above 0`)
  return seconds
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

function readQuery(url: URL): Map<string, string> {
  const known = new Set<string>([...usedOptions, ...tlsOptions, ...ignoredOptions, 'virtual_host'])
  for (const name of url.searchParams.keys()) {
    if (!known.has(name)) throw badUrl(`it has the option ${name}; known are ${[...known].join(', ')}`)
  }
  return new Map(url.searchParams)
}

function readDatabase(text: string): number {
  const digits = text.replace(/^\/+|\/+$/g, '')
  if (digits === '') return 0
  if (!/^\d{1,5}$/.test(digits)) throw badUrl('its path is the number of a database, such as /0')
  return Number(digits)
}

function readTls(query: Map<string, string>): TlsFiles {
  const required = (query.get('ssl_cert_reqs') ?? 'required').toLowerCase().replace('cert_', '')
  if (!['required', 'optional', 'none'].includes(required)) {
    throw badUrl('ssl_cert_reqs is required, optional or none')
  }
  return {
    verify: required !== 'none',
    ca: query.get('ssl_ca_certs'),
    cert: query.get('ssl_certfile'),
    key: query.get('ssl_keyfile'),
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw badUrl('a % in it stands for itself only as %25')
  }
}

function entry(name: string, value: string | undefined): [string, string][] {
  return value === undefined ? [] : [[name, value]]
}

function badUrl(why: string): CeleryError {
  return new CeleryError('BAD_OPTION', `The URL of Redis cannot be used: ${why}.`)
}
