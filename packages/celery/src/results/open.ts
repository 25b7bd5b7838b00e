import type { Log } from '../log.ts'
import { type Checks, checkOptions, checkValue } from '../options/check.ts'
import { logger, someSeconds, url as urlCheck } from '../options/kinds.ts'
import { readServerUrl } from '../server-url.ts'
import type { ResultStore } from './port.ts'

export interface ResultsOptions {
  /** Seconds that results are kept: 86,400 when absent. */
  expires?: number
  log?: Log
}

const checks: Checks<ResultsOptions> = { expires: someSeconds, log: logger }

/**
 * Which result store a URL names, after a look at all of it.
 * @throws CeleryError `BAD_OPTION`
 */
export function readResultsUrl(url: string): 'redis' | 'postgres' | 'memory' {
  return readServerUrl(
    url,
    ['redis', 'postgres', 'memory'],
    'The result store must be a URL that begins with redis://, rediss://, redis+socket://, postgres:// or memory:.',
  )
}

/**
 * The result store of a URL, not connected yet: `redis://`, `rediss://`, `redis+socket://` or `socket://` with a path,
 * `postgres://` or `memory:`. Its client library is loaded now.
 * @throws CeleryError `BAD_OPTION` when the URL is none of these, or has an option that makes no sense
 */
export async function openResults(url: string, options: ResultsOptions = {}): Promise<ResultStore> {
  checkValue(url, urlCheck, 'url', 'openResults')
  checkOptions(options, checks, 'openResults')
  const { log: _, ...kept } = options
  switch (readResultsUrl(url)) {
    case 'redis':
      return (await import('./redis/index.ts')).createRedisResults(url, options)
    case 'postgres':
      return (await import('./postgres/index.ts')).createPostgresResults(url, options)
    case 'memory':
      return (await import('./memory/index.ts')).createMemoryResults(url, kept)
  }
}
