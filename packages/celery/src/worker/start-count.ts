import { randomUUID } from 'node:crypto'
import { done } from './finish/done.ts'
import { lossesHeader, readHistory, readLosses } from './finish/history.ts'
import { persist } from './persist.ts'
import { nowOf, type Runtime } from './runtime.ts'
import type { TaskRequest } from './task-request.ts'

/**
 * How often it was begun before and not finished. Counted by the broker where it can, else in the result store, else
 * in a header: then the message goes round once more, with the count in it, and `undefined` is answered.
 */
export async function startsBefore(runtime: Runtime, request: TaskRequest): Promise<number | undefined> {
  const { delivery } = request
  const { headers } = delivery.message
  const noted = readLosses(headers)
  if (!delivery.redelivered) return noted
  const atBroker = await persist(runtime, 'counting a start', request.id, () => delivery.countStart())
  const { results, broker } = runtime
  // RabbitMQ's quorum queues count deliveries, also of what was only taken ahead and never begun.
  const isExact = broker.kind !== 'amqp'
  if (atBroker !== undefined && (isExact || !results)) return noted + atBroker
  if (results) {
    const mark = randomUUID()
    const counted = await persist(runtime, 'counting a start', request.id, () =>
      results.countStart(request.id, mark),
    )
    request.isCounted = true
    // The first start was not redelivered, so it was not counted there.
    return noted + Math.min(counted + 1, atBroker ?? Number.POSITIVE_INFINITY)
  }
  if (request.isDecided || noted + 1 >= runtime.settings.maxDeliveries) return noted + 1
  request.isLeaving = true
  await delivery.delay(new Date(nowOf(runtime)), { ...headers, [lossesHeader]: noted + 1 })
  done(runtime, request)
  return undefined
}

/**
 * How many of these starts may have killed the worker: the others came back by themselves, or lost a thread. Starts are
 * counted anew from the last retry on.
 */
export function killsAmong(starts: number, { delivery }: TaskRequest): number {
  const history = readHistory(delivery.message.headers)
  const harmless = history.length - 1 - history.findLastIndex(({ event }) => event === 'retry')
  return starts - harmless
}
