import type { BroadcastOptions, MailboxClient, Replies } from './mailbox-client.ts'

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
export type InspectOptions = Omit<BroadcastOptions, 'reply'>

/** Questions that change nothing; each answered by every worker, or those of `destination`, within `timeout`. */
export interface Inspect {
  ping(options?: InspectOptions): Promise<Replies<Answer<{ ok: string }>>>
  /** Those that run. With `safe`, arguments as text. */
  active(options?: InspectOptions & { safe?: boolean }): Promise<Replies<Answer<TaskInfo[]>>>
  /** Those that wait in the worker. */
  reserved(options?: InspectOptions): Promise<Replies<Answer<TaskInfo[]>>>
  /** Those that wait for their ETA. */
  scheduled(
    options?: InspectOptions,
  ): Promise<Replies<Answer<{ eta: string; priority: number; request: TaskInfo }[]>>>
  /** Names, with those attributes that are set: `rate_limit` among others when none are named. */
  registered(
    options?: InspectOptions & { attributes?: readonly string[] },
  ): Promise<Replies<Answer<string[]>>>
  queryTask(
    taskIds: string | readonly string[],
    options?: InspectOptions,
  ): Promise<Replies<Answer<Record<string, [state: string, info: TaskInfo]>>>>
  revoked(options?: InspectOptions): Promise<Replies<Answer<string[]>>>
  activeQueues(options?: InspectOptions): Promise<Replies<Answer<Record<string, unknown>[]>>>
  stats(options?: InspectOptions): Promise<Replies<Answer<Record<string, unknown>>>>
  conf(
    options?: InspectOptions & { withDefaults?: boolean },
  ): Promise<Replies<Answer<Record<string, unknown>>>>
  report(options?: InspectOptions): Promise<Replies<Answer<{ ok: string }>>>
  clock(options?: InspectOptions): Promise<Replies<Answer<{ clock: number }>>>
}

export function createInspect(mailbox: MailboxClient): Inspect {
  async function ask<T>(method: string, options: InspectOptions = {}, args = {}): Promise<Replies<T>> {
    return (await mailbox.broadcast(method, args, { ...options, reply: true })) as Replies<T>
  }
  return {
    ping: (options) => ask('ping', options),
    active: (options) => ask('active', options, { safe: options?.safe ?? false }),
    reserved: (options) => ask('reserved', options),
    scheduled: (options) => ask('scheduled', options),
    registered: (options) => ask('registered', options, { taskinfoitems: options?.attributes ?? [] }),
    queryTask: (taskIds, options) => ask('query_task', options, { ids: taskIds }),
    revoked: (options) => ask('revoked', options),
    activeQueues: (options) => ask('active_queues', options),
    stats: (options) => ask('stats', options),
    conf: (options) => ask('conf', options, { with_defaults: options?.withDefaults ?? false }),
    report: (options) => ask('report', options),
    clock: (options) => ask('clock', options),
  }
}
