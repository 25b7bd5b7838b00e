import { type Checks, checkOptions } from '../options/check.ts'
import type { MailboxClient, Replies } from './mailbox-client.ts'
import {
  type ActiveOptions,
  activeChecks,
  type ConfOptions,
  confChecks,
  type InspectOptions,
  inspectChecks,
  type RegisteredOptions,
  registeredChecks,
} from './options.ts'

/** A task in a worker's hands. */
export interface TaskInfo {
  id: string
  name: string
  /** The values, or what Python would print for them. */
  args: unknown
  kwargs: unknown
  type: string
  hostname: string
  /** Seconds since 1970; null while it does not run. */
  time_start: number | null
  acknowledged: boolean
  delivery_info: {
    exchange: string
    routing_key: string
    priority: number | null
    redelivered: boolean | null
  }
  worker_pid: number | null
}

export type Answer<T> = T | { error: string }

/** Questions that change nothing; each answered by every worker, or those of `destination`, within `timeout`. */
export interface Inspect {
  ping(options?: InspectOptions): Promise<Replies<Answer<{ ok: string }>>>
  /** Those that run. With `safe`, arguments as text. */
  active(options?: ActiveOptions): Promise<Replies<Answer<TaskInfo[]>>>
  /** Those that wait in the worker. */
  reserved(options?: InspectOptions): Promise<Replies<Answer<TaskInfo[]>>>
  /** Those that wait for their ETA. */
  scheduled(
    options?: InspectOptions,
  ): Promise<Replies<Answer<{ eta: string; priority: number; request: TaskInfo }[]>>>
  /** Names, with those attributes that are set: `rate_limit` among others when none are named. */
  registered(options?: RegisteredOptions): Promise<Replies<Answer<string[]>>>
  queryTask(
    taskIds: string | readonly string[],
    options?: InspectOptions,
  ): Promise<Replies<Answer<Record<string, [state: string, info: TaskInfo]>>>>
  revoked(options?: InspectOptions): Promise<Replies<Answer<string[]>>>
  activeQueues(options?: InspectOptions): Promise<Replies<Answer<Record<string, unknown>[]>>>
  stats(options?: InspectOptions): Promise<Replies<Answer<Record<string, unknown>>>>
  conf(options?: ConfOptions): Promise<Replies<Answer<Record<string, unknown>>>>
  report(options?: InspectOptions): Promise<Replies<Answer<{ ok: string }>>>
  clock(options?: InspectOptions): Promise<Replies<Answer<{ clock: number }>>>
}

export function createInspect(mailbox: MailboxClient): Inspect {
  async function ask<T, Options extends InspectOptions>(
    method: string,
    given: Options,
    checks: Checks<Options>,
    argumentsOf: (given: Options) => Record<string, unknown>,
  ): Promise<Replies<T>> {
    checkOptions(given, checks, `inspect ${method}`)
    return (await mailbox.broadcast(method, argumentsOf(given), { ...given, reply: true })) as Replies<T>
  }
  const plain = <T>(method: string, options: InspectOptions = {}, args = {}) =>
    ask<T, InspectOptions>(method, options, inspectChecks, () => args)
  return {
    ping: (options) => plain('ping', options),
    active: (options = {}) => ask('active', options, activeChecks, ({ safe = false }) => ({ safe })),
    reserved: (options) => plain('reserved', options),
    scheduled: (options) => plain('scheduled', options),
    registered: (options = {}) =>
      ask('registered', options, registeredChecks, ({ attributes = [] }) => ({ taskinfoitems: attributes })),
    queryTask: (taskIds, options) => plain('query_task', options, { ids: taskIds }),
    revoked: (options) => plain('revoked', options),
    activeQueues: (options) => plain('active_queues', options),
    stats: (options) => plain('stats', options),
    conf: (options = {}) =>
      ask('conf', options, confChecks, ({ withDefaults = false }) => ({ with_defaults: withDefaults })),
    report: (options) => plain('report', options),
    clock: (options) => plain('clock', options),
  }
}
