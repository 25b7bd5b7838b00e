import type { AppCore } from '../app/app-core.ts'
import { type Checks, checkOptions } from '../options/check.ts'
import { createInspect, type Inspect } from './inspect.ts'
import { createMailboxClient, type MailboxClient, type Replies } from './mailbox-client.ts'
import {
  type AddConsumerOptions,
  addConsumerChecks,
  type BroadcastOptions,
  broadcastChecks,
  type InspectOptions,
  type RevokeOptions,
  revokeChecks,
  type TimeLimits,
  timeLimitChecks,
} from './options.ts'

/** How a command answered: `{ ok }`, or `{ error }` with the reason. */
export type Outcome = { ok: string } | { error: string } | null

/**
 * Asks workers, in Python and TypeScript, and tells them what to do. Commands are sent to every worker unless
 * `destination` or `pattern` says otherwise, and answers are waited for only with `reply: true`: then they come back
 * by the worker's name. Options that make no sense are refused with CeleryError `BAD_OPTION`.
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
  ping(options?: InspectOptions): ReturnType<Inspect['ping']>
  /** They are not to be run; with `terminate`, those that run are aborted. */
  revoke(taskIds: string | readonly string[], options?: RevokeOptions): Promise<Replies<Outcome>>
  /**
   * The same for every task stamped with one of the values. Workers of this package remember the newest 50,000, as of
   * ids, for three hours.
   */
  revokeByStampedHeaders(
    headers: Record<string, string | readonly string[]>,
    options?: RevokeOptions,
  ): Promise<Replies<Outcome>>
  /** `10/m`, or a number a second; 0 is no limit. */
  rateLimit(task: string, limit: string | number, options?: BroadcastOptions): Promise<Replies<Outcome>>
  /** Seconds; what is absent is no limit. */
  timeLimit(task: string, limits: TimeLimits, options?: BroadcastOptions): Promise<Replies<Outcome>>
  addConsumer(queue: string, options?: AddConsumerOptions): Promise<Replies<Outcome>>
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

  const { tell, plain, revoke } = tellingOver(mailbox)

  return {
    inspect,
    broadcast: (command, args = {}, options = {}) => tell(command, options, broadcastChecks, () => args),
    ping: inspect.ping,
    revoke: (taskIds, options) => revoke('revoke', { task_id: taskIds }, options),
    revokeByStampedHeaders: (headers, options) => revoke('revoke_by_stamped_headers', { headers }, options),
    rateLimit: (task, limit, options) => plain('rate_limit', { task_name: task, rate_limit: limit }, options),
    async timeLimit(task, limits, options) {
      checkOptions(limits, timeLimitChecks, 'control time_limit')
      const { soft = null, hard = null } = limits as { soft?: number | null; hard?: number | null }
      return await plain('time_limit', { task_name: task, soft, hard }, options)
    },
    addConsumer: (queue, options = {}) =>
      tell('add_consumer', options, addConsumerChecks, (given) => ({
        queue,
        exchange: given.exchange ?? null,
        exchange_type: given.exchangeType ?? 'direct',
        routing_key: given.routingKey ?? null,
      })),
    cancelConsumer: (queue, options) => plain('cancel_consumer', { queue }, options),
    poolGrow: (by = 1, options) => plain('pool_grow', { n: by }, options),
    poolShrink: (by = 1, options) => plain('pool_shrink', { n: by }, options),
    poolRestart: (options) => plain('pool_restart', {}, options),
    autoscale: (max, min, options) => plain('autoscale', { max, min }, options),
    enableEvents: (options) => plain('enable_events', {}, options),
    disableEvents: (options) => plain('disable_events', {}, options),
    heartbeat: (options) => plain('heartbeat', {}, options),
    shutdown: (options) => plain('shutdown', {}, options),
    close: () => mailbox.close(),
  }
}

function tellingOver(mailbox: MailboxClient) {
  async function tell<Options extends BroadcastOptions>(
    command: string,
    given: Options,
    checks: Checks<Options>,
    argumentsOf: (given: Options) => Record<string, unknown>,
  ): Promise<Replies<Outcome>> {
    checkOptions(given, checks, `control ${command}`)
    return (await mailbox.broadcast(command, argumentsOf(given), given)) as Replies<Outcome>
  }
  const plain = (command: string, args: Record<string, unknown>, options: BroadcastOptions = {}) =>
    tell(command, options, broadcastChecks, () => args)
  const revoke = (command: string, which: Record<string, unknown>, options: RevokeOptions = {}) =>
    tell(command, options, revokeChecks, ({ terminate = false, signal = 'SIGTERM' }) => ({
      ...which,
      terminate,
      signal,
    }))
  return { tell, plain, revoke }
}
