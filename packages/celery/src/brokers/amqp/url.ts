import { CeleryError } from '../../errors.ts'
import type { Checks } from '../../options/check.ts'
import { someSeconds } from '../../options/kinds.ts'
import { numberIn, numeral, readQuery } from '../../options/url-query.ts'
import type { BrokerDescription } from '../port.ts'
import { heartbeatCheck } from './options.ts'

export interface AmqpServer {
  protocol: 'amqp' | 'amqps'
  hostname: string
  port: number
  username: string
  password: string
  virtualHost: string
  /** Seconds, from the query, as is what follows. */
  heartbeat: number | undefined
  connectTimeout: number | undefined
}

type Query = { heartbeat?: string; connect_timeout?: string }

/** Those of kombu's that have a meaning here, under its names. */
const queryChecks: Checks<Query> = {
  heartbeat: numeral(heartbeatCheck),
  connect_timeout: numeral(someSeconds),
}

/**
 * The servers of a broker URL as kombu reads it: several are separated by `;` and tried in turn, the virtual host is
 * the path without its first slash, percent-decoded, and `/` when that is empty.
 * @throws CeleryError `BAD_OPTION`, which repeats nothing of the URL but its options
 */
export function parseAmqpUrl(text: string): AmqpServer[] {
  const servers = text.split(';').flatMap((part) => (part.trim() === '' ? [] : [parseOne(part.trim())]))
  if (servers.length === 0) throw badUrl()
  return servers
}

function parseOne(text: string): AmqpServer {
  const [, scheme, rest] = /^(amqps?|pyamqp):\/\/(.*)$/is.exec(text) ?? []
  // As http, so that the host may be left out of none and the path keeps its slashes.
  const url = rest === undefined ? null : URL.parse(`http://${withHost(rest)}`)
  if (!url || !scheme) throw badUrl()
  const protocol = scheme.toLowerCase() === 'amqps' ? 'amqps' : 'amqp'
  const query = readQuery<Query>(url, queryChecks, 'the URL of RabbitMQ')
  return {
    protocol,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: portOf(rest ?? '', url, protocol),
    username: decode(url.username) || 'guest',
    password: decode(url.password) || 'guest',
    virtualHost: decode(url.pathname.slice(1)) || '/',
    heartbeat: numberIn(query.heartbeat),
    connectTimeout: numberIn(query.connect_timeout),
  }
}

function withHost(rest: string): string {
  const authority = /^[^/?#]*/.exec(rest)?.[0] ?? ''
  const userinfo = /^.*@/s.exec(authority)?.[0] ?? ''
  const host = authority.slice(userinfo.length)
  const named = host === '' || host.startsWith(':') ? `127.0.0.1${host}` : host
  return userinfo + named + rest.slice(authority.length)
}

/** A URL of http drops its own default, 80. */
function portOf(rest: string, url: URL, protocol: string): number {
  if (url.port !== '') return Number(url.port)
  if (/^[^/?#]*:80(?:[/?#]|$)/.test(rest)) return 80
  return protocol === 'amqps' ? 5671 : 5672
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw badUrl()
  }
}

function badUrl(): CeleryError {
  return new CeleryError(
    'BAD_OPTION',
    'The broker URL cannot be read: write amqp://USER:PASSWORD@HOST:PORT/VHOST, with reserved characters as %XX.',
  )
}

export function describeServer(server: AmqpServer): BrokerDescription {
  return {
    transport: server.protocol,
    hostname: server.hostname,
    port: server.port,
    userid: server.username,
    virtual_host: server.virtualHost,
    ssl: server.protocol === 'amqps',
  }
}
