/// <reference types="node" preserve="true" />
/**
 * A task message as every broker carries it. On RabbitMQ these are AMQP's own properties and headers; on Redis
 * kombu packs them into one JSON document; PostgreSQL keeps them in columns.
 * @see https://docs.celeryq.dev/en/stable/internals/protocol.html
 */
export interface WireMessage {
  headers: Record<string, unknown>
  properties: MessageProperties
  body: Buffer
  /** Why the broker could not make sense of all that came: the message is refused for it. */
  unreadable?: string
}

export interface MessageProperties {
  contentType: string
  contentEncoding: string
  /** The task's id. */
  correlationId?: string
  /** The reply queue's routing key: a UUID of the sending process. */
  replyTo?: string
  /** 2 is written to disk, 1 is not. */
  deliveryMode?: 1 | 2
  /** On RabbitMQ a higher number goes first, on Redis a lower one, as with Python's Celery. */
  priority?: number
  /** Milliseconds after which the broker may drop the message, as a decimal string (AMQP's `expiration`). */
  expiration?: string
}

/** The headers of protocol version 2, under their names on the wire. Headers of the caller's own stand beside them. */
export interface TaskHeaders {
  lang: string
  /** The task's registered name. A message without this header is not of version 2. */
  task: string
  id: string
  /** A name to show in place of `task`. */
  shadow?: string | null
  /** ISO 8601 with an offset: not to be run before. */
  eta?: string | null
  /** ISO 8601 with an offset: not to be run after. */
  expires?: string | null
  group?: string | null
  group_index?: number | null
  /** How often it has been retried: 0 for the first run. */
  retries?: number
  /** Seconds, hard before soft. */
  timelimit?: [hard: number | null, soft: number | null]
  root_id?: string | null
  parent_id?: string | null
  /** The arguments as Python would print them, shown by Flower; at most 1,024 characters. */
  argsrepr?: string
  kwargsrepr?: string
  /** `gen<pid>@<host>`: who sent it. */
  origin?: string
  /** Null leaves it to the worker, where the task may say. */
  ignore_result?: boolean | null
  replaced_task_nesting?: number
  stamped_headers?: string[] | null
  stamps?: Record<string, unknown>
  [own: string]: unknown
}

/** What is to follow a task, carried in the third element of the body. */
export interface Embed {
  callbacks: SignatureData[] | null
  errbacks: SignatureData[] | null
  /** The rest of a chain, reversed: the next step is the last element. */
  chain: SignatureData[] | null
  /** The body of the chord whose header this task belongs to. */
  chord: SignatureData | null
}

/** A task message, decoded. */
export interface TaskMessage {
  headers: TaskHeaders
  properties: MessageProperties
  args: unknown[]
  kwargs: Record<string, unknown>
  embed: Embed
}

/** A task to be called, as it travels: what Python's `Signature` is as a dict. */
export interface SignatureData {
  task: string
  args: unknown[]
  kwargs: Record<string, unknown>
  options: SignatureOptions
  /** `chain`, `group`, `chord`, `chunks`, `xmap`, `xstarmap` for composites. */
  subtask_type: string | null
  /** Takes no result of the step before it. */
  immutable: boolean
  chord_size?: number | null
}

/** The options of a signature that have a meaning on the wire; others are carried through. */
export interface SignatureOptions {
  task_id?: string
  reply_to?: string
  group_id?: string
  group_index?: number
  root_id?: string
  parent_id?: string
  chord?: SignatureData | null
  link?: SignatureData | SignatureData[]
  link_error?: SignatureData | SignatureData[]
  /** Seconds. */
  countdown?: number
  eta?: string
  expires?: number | string
  queue?: string
  exchange?: string
  routing_key?: string
  priority?: number
  retries?: number
  time_limit?: number
  soft_time_limit?: number
  ignore_result?: boolean
  shadow?: string
  headers?: Record<string, unknown>
  [other: string]: unknown
}
