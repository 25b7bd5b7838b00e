import { type Target, withLibpqModes } from '@colophon/postgres'

/** Where the shop's database is, for those who open a pool of their own on it by a URL. */
export function databaseUrl(target: Target): string {
  if ('url' in target) return withLibpqModes(target.url)
  const { host, port, user, database } = target
  // The folder of a socket stands in the query, as libpq has it.
  const query = new URLSearchParams({ host })
  return `postgres://${encodeURIComponent(user)}@localhost:${port}/${encodeURIComponent(database)}?${query}`
}
