import { randomUUID } from 'node:crypto'
import { type Log, noLog } from '../../log.ts'
import { type Checks, checkOptions } from '../../options/check.ts'
import { logger, someSeconds, text } from '../../options/kinds.ts'
import { RedisLink } from '../../redis/link.ts'
import type { Script } from '../../redis/script.ts'
import { readRedisUrl } from '../../redis/target.ts'
import { claimTtl, type EntryState, type Run, retention, type ScheduleStore } from '../store.ts'
import { orUnavailable } from '../unavailable.ts'
import * as scripts from './scripts.ts'

/** Options of beat's store in Redis. Durations in seconds. */
export interface RedisSchedulesOptions {
  /** The hash that holds the entries; the URL's `global_keyprefix` goes before it. `celery-beat` when absent. */
  key?: string
  /** Seconds a scheduler has to send a run it has claimed: 30 when absent. */
  claimTtl?: number
  log?: Log
}

const checks: Checks<RedisSchedulesOptions> = { key: text, claimTtl: someSeconds, log: logger }

/** Milliseconds for which a lost connection is waited out. */
const patienceMs = 10_000

/**
 * Schedules in Redis: a run is claimed for half a minute, sent, and confirmed. One whose scheduler dies or is cut off
 * between sending and confirming is sent again, under the same task id, when the claim is over: at least once. A
 * scheduler that was frozen for longer than its claim sends a run that another has sent, since brokers know
 * nothing of claims; its confirmation then changes nothing.
 * @throws CeleryError `BAD_OPTION`, for options in the URL too
 */
export function createRedisSchedules(url: string, options: RedisSchedulesOptions = {}): ScheduleStore {
  checkOptions(options, checks, 'createRedisSchedules')
  const { key = 'celery-beat', log = noLog } = options
  const target = readRedisUrl(url)
  const keys = [`${target.options.globalKeyPrefix ?? ''}${key}`]
  const link = new RedisLink({
    target,
    code: 'RESULTS_UNAVAILABLE',
    commandTimeout: 5,
    connectTimeout: 5,
    log,
  })
  const run = (script: Script, ...args: (string | number)[]) =>
    orUnavailable('Redis', () => link.persist(() => link.run(script, keys, args), patienceMs))
  return {
    kind: 'redis',
    describe: () => ({
      hostname: target.path ?? target.host,
      port: target.port,
      database: String(target.db),
    }),
    open: () => orUnavailable('Redis', () => link.open()),
    close: async () => link.close(),
    async register(entries) {
      const texts = entries.flatMap(({ name, task, schedule, broker }) => [name, task, schedule, broker])
      await run(scripts.register, retention * 1000, ...texts)
    },
    async read() {
      const [now, flat] = (await run(scripts.read)) as [string, string[]]
      return { now: new Date(Number(now)), entries: readEntries(flat) }
    },
    async sendOnce(one, send) {
      const [id, claim] = [randomUUID(), claimArguments(one)]
      const ttl = (options.claimTtl ?? claimTtl) * 1000
      if ((await run(scripts.claim, ...claim, id, ttl)) !== 1) return false
      try {
        await send()
      } catch (error) {
        await run(scripts.release, one.entry, id).catch(() => undefined)
        throw error
      }
      const confirmed = (await run(scripts.confirm, ...claim, id)) === 1
      if (!confirmed)
        log.warn({ entry: one.entry, taskId: one.taskId }, 'beat: sending took longer than the claim')
      return true
    },
    setPaused: async (name, paused) => (await run(scripts.setPaused, name, paused ? '1' : '0')) === 1,
    trigger: async (name) => (await run(scripts.trigger, name)) === 1,
  }
}

function claimArguments({ entry, due, manual }: Run): (string | number)[] {
  return [entry, due.getTime(), manual ? 'manual' : 'due']
}

interface Document {
  task: string
  schedule: string
  broker?: string
  paused: boolean
  since: number
  lastDue?: number
  lastSent?: number
  runs: number
  triggered?: number
  seen: number
}

function readEntries(flat: string[]): EntryState[] {
  const entries: EntryState[] = []
  for (let index = 0; index + 1 < flat.length; index += 2) {
    entries.push(stateOf(flat[index] ?? '', JSON.parse(flat[index + 1] ?? '') as Document))
  }
  return entries
}

function stateOf(name: string, document: Document): EntryState {
  const maybe = (time: number | undefined) => (time === undefined ? undefined : new Date(time))
  const { task, schedule, broker = '', paused, since, lastDue, lastSent, runs, triggered, seen } = document
  return {
    ...{ name, task, schedule, broker, paused, runs },
    ...{ since: new Date(since), lastDue: maybe(lastDue), lastSent: maybe(lastSent) },
    ...{ triggered: maybe(triggered), seen: new Date(seen) },
  }
}
