import type { WireMessage } from '../protocol/message.ts'

/** Where the messages that no worker will run any more are kept: a part of each broker. */
export interface DeadLetterStore {
  /**
   * Resolves when it is kept: only then may the message be acknowledged. Adding the same `id` again changes nothing,
   * but that RabbitMQ counts it again.
   */
  add(letter: DeadLetter): Promise<void>
  /**
   * Oldest first. A page may have fewer letters than its limit, and none, while there are more behind it: those look
   * on who want all that a query finds until a page has no `next`.
   */
  list(query?: DeadLetterQuery): Promise<DeadLetterPage>
  get(id: string): Promise<DeadLetter | undefined>
  /** Returns how many there were of those named. */
  remove(ids: string[]): Promise<number>
  count(): Promise<number>
}

/** Which dead letters are wanted; all that is given must hold. */
export interface DeadLetterQuery {
  /** 50 when absent, at most 1,000. */
  limit?: number
  /** The `next` of the page before. */
  after?: string
  /** Only those of this task. */
  task?: string
  /** Only those that came from this queue. */
  queue?: string
  /** Only those that died of this. */
  reason?: DeathReason
}

/** Some dead letters, and where the next ones begin. */
export interface DeadLetterPage {
  letters: DeadLetter[]
  /** Where to go on; undefined when there is nothing behind. */
  next: string | undefined
}

/** A message that was put aside, with why and what happened to it before. */
export interface DeadLetter {
  /** The letter's own id, a UUID. */
  id: string
  reason: DeathReason
  /** The task's id and name, as far as the message could be read. */
  taskId: string | undefined
  task: string | undefined
  /** The queue it was taken from, to which a replay sends it. */
  queue: string
  exchange: string
  routingKey: string
  /** ISO 8601. */
  diedAt: string
  /** Who gave up: the worker's host name. */
  worker: string
  error: { type: string; message: string; traceback: string | undefined }
  /** What happened before, oldest first: each retry or loss of a worker with its time and error. */
  history: DeathHistory[]
  /** The message as it came, never changed, so that a replay sends what was sent. */
  message: WireMessage
}

/** What happened to a task before it died: a retry, or the loss of its worker. */
export interface DeathHistory {
  at: string
  event: string
  detail: string
}

/** Every reason there is: for the options `deadLetters` of a worker and `reason` of a query, and for metrics. */
export const deathReasons = [
  'retries_exhausted',
  'worker_lost',
  'unknown_task',
  'undecodable',
  'unsupported_protocol',
  'refused_content_type',
  'too_large',
  'invalid_arguments',
  'rejected',
] as const

/** Why a message was put aside. */
export type DeathReason = (typeof deathReasons)[number]
