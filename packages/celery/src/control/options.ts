import type { Checks } from '../options/check.ts'
import { either, flag, listOf, oneOf, seconds, someSeconds, text, wholeFrom } from '../options/kinds.ts'

/** Which workers are meant, and how long their answers are waited for. */
export interface BroadcastOptions {
  /** Names of the workers that are meant; every one when absent. */
  destination?: string | readonly string[]
  /** Those whose name fits: `celery@web*`, or with `matcher: 'pcre'` a regular expression. */
  pattern?: string
  matcher?: 'glob' | 'pcre'
  /** Wait for answers: false when absent. `inspect` and `ping` always do. */
  reply?: boolean
  /** Seconds to wait for answers: 1 when absent. */
  timeout?: number
  /** Stop waiting after so many answers: the number of destinations when absent. */
  limit?: number
}

export const broadcastChecks: Checks<BroadcastOptions> = {
  destination: either(text, listOf(text)),
  pattern: text,
  matcher: oneOf('glob', 'pcre'),
  reply: flag,
  timeout: someSeconds,
  limit: wholeFrom(1),
}

/** Options of `revoke` and `revokeByStampedHeaders`. */
export interface RevokeOptions extends BroadcastOptions {
  /** Those that run are aborted too. */
  terminate?: boolean
  /** What Python's workers end the task's process with: `SIGTERM` when absent. */
  signal?: string
}

export const revokeChecks: Checks<RevokeOptions> = { ...broadcastChecks, terminate: flag, signal: text }

/** Options of `addConsumer`: the queue's exchange, if it has one of its own. */
export interface AddConsumerOptions extends BroadcastOptions {
  exchange?: string
  exchangeType?: 'direct' | 'topic' | 'fanout'
  routingKey?: string
}

export const addConsumerChecks: Checks<AddConsumerOptions> = {
  ...broadcastChecks,
  exchange: text,
  exchangeType: oneOf('direct', 'topic', 'fanout'),
  routingKey: text,
}

/** A task's limits, in seconds; what is absent is no limit. */
export interface TimeLimits {
  soft?: number
  hard?: number
}

export const timeLimitChecks: Checks<TimeLimits> = { soft: seconds, hard: seconds }

/** Options of a question, which always waits for answers. */
export type InspectOptions = Omit<BroadcastOptions, 'reply'>

export interface ActiveOptions extends InspectOptions {
  /** Arguments as text. */
  safe?: boolean
}

export interface RegisteredOptions extends InspectOptions {
  /** Which attributes are told of each task. */
  attributes?: readonly string[]
}

export interface ConfOptions extends InspectOptions {
  withDefaults?: boolean
}

/** One set of options may serve for questions and commands, so `reply` is none that nobody knows. */
export const inspectChecks: Checks<InspectOptions> = broadcastChecks
export const activeChecks: Checks<ActiveOptions> = { ...inspectChecks, safe: flag }
export const registeredChecks: Checks<RegisteredOptions> = { ...inspectChecks, attributes: listOf(text) }
export const confChecks: Checks<ConfOptions> = { ...inspectChecks, withDefaults: flag }
