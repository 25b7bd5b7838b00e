import type { SqlClient } from '../brokers/port.ts'
import type { SignatureData } from '../protocol/message.ts'

/** How one call is sent. Durations in seconds, under Celery's names. */
export interface SendOptions {
  /** A UUID of the caller's choosing; made when absent. */
  taskId?: string
  /** The group that it is to count as a member of: an id of the caller's choosing, shown to the task and by Flower. */
  groupId?: string
  /** Seconds from now, or a time, before which it does not run. */
  countdown?: number
  eta?: Date
  /** Seconds from now, or a time, after which it does not run. */
  expires?: number | Date
  /**
   * 0 to 255. On RabbitMQ (in queues with `x-max-priority`, and as that when above it) and PostgreSQL the higher goes
   * first; on Redis the lower, and those above 9 count as 9.
   */
  priority?: number
  queue?: string
  /** With `routingKey`, in place of `queue`. */
  exchange?: string
  routingKey?: string
  /** Headers of the caller's own, such as `traceparent`. A header of the protocol's is refused. */
  headers?: Record<string, unknown>
  /** Sent with the result when it succeeds. */
  link?: SignatureLike | SignatureLike[]
  /** Sent with the task's id when it fails. */
  linkError?: SignatureLike | SignatureLike[]
  ignoreResult?: boolean
  softTimeLimit?: number
  timeLimit?: number
  /** Of the body, under kombu's names. Python reads `zstd` and `brotli` where it has their packages. */
  compression?: 'gzip' | 'zstd' | 'brotli'
  /** A name to show in place of the task's. */
  shadow?: string
  /** Publish within this transaction of the caller's, on the PostgreSQL broker: sent if and only if it commits. */
  transaction?: SqlClient
}

/** Those that make sense for many calls. */
export type StandingOptions = Omit<SendOptions, 'taskId' | 'transaction'>

/** A signature, or the data of one, such as came from Python. */
export type SignatureLike = { toJSON(): SignatureData } | SignatureData
