import type { SqlPool } from '../../postgres/pool.ts'
import { parsePostgresUrl } from '../../postgres/url.ts'
import { isRecord } from '../../protocol/shape.ts'

/** Whether connections are made with TLS, as `pg` reads URL, options and environment; null for a pool that shows none. */
export function usesTls(source: string | SqlPool): boolean | null {
  if (typeof source === 'string') return byUrl(source) ?? byEnvironment()
  const options: unknown = source.options
  if (!isRecord(options)) return null
  const { connectionString, ssl } = options
  const said = typeof connectionString === 'string' ? byUrl(connectionString) : undefined
  return said ?? (ssl === undefined ? byEnvironment() : Boolean(ssl))
}

/** Undefined when the URL leaves it open. */
function byUrl(source: string): boolean | undefined {
  const query = parsePostgresUrl(source)?.searchParams
  const said = (name: string) => query?.get(name) || undefined
  const mode = said('sslmode')
  if (mode !== undefined) return mode !== 'disable'
  if (said('sslcert') ?? said('sslkey') ?? said('sslrootcert')) return true
  const ssl = said('ssl')
  if (ssl !== undefined) return ssl !== '0'
  return said('sslnegotiation') === 'direct' ? true : undefined
}

function byEnvironment(): boolean {
  return /^(prefer|require|verify-ca|verify-full|no-verify)$/.test(process.env.PGSSLMODE ?? '')
}
