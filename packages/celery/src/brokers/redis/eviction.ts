import type { Log } from '../../log.ts'
import type { RedisLink } from '../../redis/link.ts'

/** Warns when the server may throw messages away; says nothing when it may not be asked. */
export async function warnOfEviction(link: RedisLink, log: Log): Promise<void> {
  const info = await link.command('INFO', 'memory').catch(() => '')
  const policy = /^maxmemory_policy:(\S+)/m.exec(String(info))?.[1]
  if (policy === undefined || policy === 'noeviction') return
  log.warn(
    { policy },
    'Redis removes keys when its memory is full, and messages with them: set maxmemory-policy to noeviction',
  )
}
