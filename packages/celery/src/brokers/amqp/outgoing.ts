import type { Options } from 'amqplib'
import type { Deadline } from '../../async/deadline.ts'

/** A message on its way to RabbitMQ, from the call of `publish` until it is confirmed or refused. */
export interface Outgoing {
  readonly exchange: string
  readonly key: string | (() => string)
  /** As it was sent last. */
  routingKey: string
  readonly body: Buffer
  readonly options: Options.Publish
  readonly deadline: Deadline
  /** While it is written and not answered, its deadline does not count. */
  readonly untilKnown: boolean
  readonly settled: Promise<void>
  resolve(): void
  reject(error: Error): void
  /** RabbitMQ has sent it back, as no queue takes it. */
  isReturned: boolean
  isSettled: boolean
}

/**
 * The first message of those in flight that a returned one can be. RabbitMQ returns in the order of publishing, so
 * of several that look the same it is the first that was not returned yet.
 */
export function findReturned(
  inFlight: Iterable<Outgoing>,
  { exchange, routingKey }: { exchange: string; routingKey: string },
  correlationId: string | undefined,
): Outgoing | undefined {
  for (const outgoing of inFlight) {
    if (outgoing.isReturned || outgoing.exchange !== exchange || outgoing.routingKey !== routingKey) continue
    if (outgoing.options.correlationId === correlationId) return outgoing
  }
  return undefined
}
