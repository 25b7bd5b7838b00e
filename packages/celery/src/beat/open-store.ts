import { CeleryError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { ScheduleStore } from './store.ts'

/**
 * The store of a URL, not connected yet: `postgres://`, `redis://`, `rediss://` or `memory:`. Its client library is
 * loaded when it connects.
 * @throws CeleryError `BAD_OPTION` when the URL is none of these
 */
export async function openSchedules(
  url: string,
  { log, now }: { log: Log; now(): Date },
): Promise<ScheduleStore> {
  switch (url.slice(0, Math.max(0, url.indexOf(':'))).toLowerCase()) {
    case 'postgres':
    case 'postgresql':
      return (await import('./postgres/store.ts')).createPostgresSchedules(url, { log })
    case 'redis':
    case 'rediss':
      return (await import('./redis/store.ts')).createRedisSchedules(url, { log })
    case 'memory':
      return (await import('./memory-store.ts')).createMemorySchedules(now)
    default:
      throw new CeleryError(
        'BAD_OPTION',
        "Beat's store must be a URL that begins with postgres://, redis://, rediss:// or, for one scheduler, memory:.",
      )
  }
}
