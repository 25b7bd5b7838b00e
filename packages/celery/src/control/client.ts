import type { AppCore } from '../app/app-core.ts'
import { createInspect, type Inspect } from './inspect.ts'
import { type BroadcastOptions, createMailboxClient, type Replies } from './mailbox-client.ts'

/** How a command answered: `{ ok }`, or `{ error }` with the reason. */
export type Outcome = { ok: string } | { error: string } | null

/**
 * Asks workers, in Python and TypeScript, and tells them what to do. Commands are sent to every worker unless
 * `destination` or `pattern` says otherwise, and answers are waited for only with `reply: true`: then they come back
 * by the worker's name.
 */
export interface ControlClient {
  readonly inspect: Inspect
  /** Any command, Celery's or of a worker's own. */
  broadcast(
    command: string,
    args?: Record<string, unknown>,
    options?: BroadcastOptions,
  ): Promise<Replies<unknown>>
  /** The workers that answer within the timeout. */
  ping(options?: Omit<BroadcastOptions, 'reply'>): ReturnType<Inspect['ping']>
  /** They are not to be run; with `terminate`, those that run are aborted. */
  revoke(
    taskIds: string | readonly string[],
    options?: BroadcastOptions & { terminate?: boolean; signal?: string },
  ): Promise<Replies<Outcome>>
  /** The same for every task stamped with one of the values. */
  revokeByStampedHeaders(
    headers: Record<string, string | readonly string[]>,
    options?: BroadcastOptions & { terminate?: boolean; signal?: string },
  ): Promise<Replies<Outcome>>
  /** `10/m`, or a number a second; 0 is no limit. */
  rateLimit(task: string, limit: string | number, options?: BroadcastOptions): Promise<Replies<Outcome>>
  /** Seconds; what is absent is no limit. */
  timeLimit(
    task: string,
    limits: { soft?: number; hard?: number },
    options?: BroadcastOptions,
  ): Promise<Replies<Outcome>>
  addConsumer(
    queue: string,
    options?: BroadcastOptions & {
      exchange?: string
      exchangeType?: 'direct' | 'topic' | 'fanout'
      routingKey?: string
    },
  ): Promise<Replies<Outcome>>
  cancelConsumer(queue: string, options?: BroadcastOptions): Promise<Replies<Outcome>>
  /** How many tasks run at once: 1 more, or `by` more. */
  poolGrow(by?: number, options?: BroadcastOptions): Promise<Replies<Outcome>>
  poolShrink(by?: number, options?: BroadcastOptions): Promise<Replies<Outcome>>
  poolRestart(options?: BroadcastOptions): Promise<Replies<Outcome>>
  autoscale(max: number, min: number, options?: BroadcastOptions): Promise<Replies<Outcome>>
  enableEvents(options?: BroadcastOptions): Promise<Replies<Outcome>>
  disableEvents(options?: BroadcastOptions): Promise<Replies<Outcome>>
  heartbeat(options?: BroadcastOptions): Promise<Replies<Outcome>>
  /** Python's workers end without an answer. */
  shutdown(options?: BroadcastOptions): Promise<Replies<Outcome>>
  close(): Promise<void>
}

/** Asks and commands workers, in Python or TypeScript, as `celery inspect` and `celery control` do. `close` it at the end. */
export function createControlClient(app: AppCore): ControlClient {
  const mailbox = createMailboxClient(app)
  const inspect = createInspect(mailbox)

  async function tell(
    command: string,
    args: Record<string, unknown>,
    options?: BroadcastOptions,
  ): Promise<Replies<Outcome>> {
    return (await mailbox.broadcast(command, args, options)) as Replies<Outcome>
  }

  return {
    inspect,
    broadcast: (command, args = {}, options) => mailbox.broadcast(command, args, options),
    ping: inspect.ping,
    revoke: (taskIds, options) => tell('revoke', { task_id: taskIds, ...termination(options) }, options),
    revokeByStampedHeaders: (headers, options) =>
      tell('revoke_by_stamped_headers', { headers, ...termination(options) }, options),
    rateLimit: (task, limit, options) => tell('rate_limit', { task_name: task, rate_limit: limit }, options),
    timeLimit: (
      task,
      { soft = null, hard = null }: { soft?: number | null; hard?: number | null },
      options,
    ) => tell('time_limit', { task_name: task, soft, hard }, options),
    addConsumer: (queue, options) => tell('add_consumer', consumerArguments(queue, options), options),
    cancelConsumer: (queue, options) => tell('cancel_consumer', { queue }, options),
    poolGrow: (by = 1, options) => tell('pool_grow', { n: by }, options),
    poolShrink: (by = 1, options) => tell('pool_shrink', { n: by }, options),
    poolRestart: (options) => tell('pool_restart', {}, options),
    autoscale: (max, min, options) => tell('autoscale', { max, min }, options),
    enableEvents: (options) => tell('enable_events', {}, options),
    disableEvents: (options) => tell('disable_events', {}, options),
    heartbeat: (options) => tell('heartbeat', {}, options),
    shutdown: (options) => tell('shutdown', {}, options),
    close: () => mailbox.close(),
  }
}

function termination({
  terminate = false,
  signal = 'SIGTERM',
}: {
  terminate?: boolean
  signal?: string
} = {}) {
  return { terminate, signal }
}

function consumerArguments(
  queue: string,
  options: Parameters<ControlClient['addConsumer']>[1] = {},
): Record<string, unknown> {
  return {
    queue,
    exchange: options.exchange ?? null,
    exchange_type: options.exchangeType ?? 'direct',
    routing_key: options.routingKey ?? null,
  }
}
