import type { Target } from '@colophon/postgres'

/** Modes to which pg gives a meaning of its own, with a warning of many lines, unless it is asked for libpq's. */
const libpqModes = ['prefer', 'require', 'verify-ca']

/** Where the shop's database is, for those who open a pool of their own on it by a URL. */
export function databaseUrl(target: Target): string {
  if ('url' in target) return withLibpqModes(target.url)
  const { host, port, user, database } = target
  // The folder of a socket stands in the query, as libpq has it.
  const query = new URLSearchParams({ host })
  return `postgres://${encodeURIComponent(user)}@localhost:${port}/${encodeURIComponent(database)}?${query}`
}

function withLibpqModes(url: string): string {
  const [base = '', query = ''] = url.split('?', 2)
  const parameters = new URLSearchParams(query)
  const isLibpqs = libpqModes.includes(parameters.get('sslmode') ?? '')
  if (!isLibpqs || parameters.has('uselibpqcompat')) return url
  parameters.set('uselibpqcompat', 'true')
  return `${base}?${parameters}`
}
