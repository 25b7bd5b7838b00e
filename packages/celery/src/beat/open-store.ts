import type { Log } from '../log.ts'
import { readServerUrl } from '../server-url.ts'
import type { ScheduleStore } from './store.ts'

/**
 * Which store a URL names, after a look at all of it.
 * @throws CeleryError `BAD_OPTION`
 */
export function readStoreUrl(url: string): 'redis' | 'postgres' | 'memory' {
  return readServerUrl(
    url,
    ['redis', 'postgres', 'memory'],
    "Beat's store must be a URL that begins with postgres://, redis://, rediss://, redis+socket:// or, for one scheduler, memory:.",
  )
}

/**
 * The store of a URL, not connected yet: `postgres://`, `redis://`, `rediss://`, `redis+socket://` or `memory:`. Its
 * client library is loaded when it connects.
 * @throws CeleryError `BAD_OPTION` when the URL is none of these
 */
export async function openSchedules(
  url: string,
  { log, now }: { log: Log; now(): Date },
): Promise<ScheduleStore> {
  switch (readStoreUrl(url)) {
    case 'postgres':
      return (await import('./postgres/store.ts')).createPostgresSchedules(url, { log })
    case 'redis':
      return (await import('./redis/store.ts')).createRedisSchedules(url, { log })
    case 'memory':
      return (await import('./memory-store.ts')).createMemorySchedules(now)
  }
}
