import type { ConnectionOptions } from 'node:tls'
import { type Log, noLog } from '../../log.ts'
import { type Checks, checkOptions } from '../../options/check.ts'
import { logger, oneOf, record, someSeconds, text, wholeBetween } from '../../options/kinds.ts'

/** What the URL of RabbitMQ cannot say. Durations in seconds. */
export interface AmqpBrokerOptions {
  log?: Log
  /** Shown by RabbitMQ beside each connection; `celery` when absent. */
  connectionName?: string
  /** Seconds in which a connection must be made; 10 when absent, or the URL's `connect_timeout`, which goes before. */
  connectTimeout?: number
  /**
   * Seconds between the signs of life of both sides: a dead or frozen connection is noticed after two to three times
   * as much. 10 when absent. `heartbeat` in the URL's query does the same.
   */
  heartbeat?: number
  /** For `amqps://`: certificates and the like, as Node's `tls.connect` takes them. */
  tls?: ConnectionOptions
  /**
   * The type of the queues in which messages wait for their time: `broker_native_delayed_delivery_queue_type` of
   * Celery, and like it `quorum` when absent. All that share a virtual host must use the same.
   */
  delayedQueueType?: 'quorum' | 'classic'
  /** The queue that keeps dead letters; `celery.dead-letters` when absent. */
  deadLetterQueue?: string
}

/** Seconds between signs of life, as AMQP can say them. */
export const heartbeatCheck = { ...wholeBetween(0, 65_535), expected: 'whole seconds from 0 to 65,535' }

const checks: Checks<AmqpBrokerOptions> = {
  log: logger,
  connectionName: text,
  connectTimeout: someSeconds,
  heartbeat: heartbeatCheck,
  tls: record,
  delayedQueueType: oneOf('quorum', 'classic'),
  deadLetterQueue: text,
}

export interface AmqpSettings extends Required<Omit<AmqpBrokerOptions, 'heartbeat'>> {
  heartbeat: number | undefined
}

/** @throws CeleryError `BAD_OPTION` */
export function settingsOf(options: AmqpBrokerOptions): AmqpSettings {
  checkOptions(options, checks, 'createAmqpBroker')
  return {
    log: options.log ?? noLog,
    connectionName: options.connectionName ?? 'celery',
    connectTimeout: options.connectTimeout ?? 10,
    heartbeat: options.heartbeat,
    tls: options.tls ?? {},
    delayedQueueType: options.delayedQueueType ?? 'quorum',
    deadLetterQueue: options.deadLetterQueue ?? 'celery.dead-letters',
  }
}
