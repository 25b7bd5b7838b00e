import { done } from './finish/done.ts'
import { lossesHeader, readLosses } from './finish/history.ts'
import { persist } from './persist.ts'
import { nowOf, type Runtime } from './runtime.ts'
import type { TaskRequest } from './task-request.ts'

/**
 * How often it was begun before and not finished. Counted by the broker where it can, else in the result store, else
 * in a header: then the message goes round once more, with the count in it, and `undefined` is answered.
 */
export async function startsBefore(runtime: Runtime, request: TaskRequest): Promise<number | undefined> {
  const { delivery } = request
  const noted = readLosses(delivery.message.headers)
  if (!delivery.redelivered) {
    // What took its place may be here sooner than its acknowledgement is out: begun now, a killer would leave both.
    if (noted > 0) await Promise.allSettled(runtime.goingRound)
    return noted
  }
  const atBroker = await persist(runtime, 'counting a start', request.id, () => delivery.countStart())
  const { results, broker } = runtime
  // RabbitMQ's quorum queues count deliveries, also of what was only taken ahead and never begun.
  const isExact = broker.kind !== 'amqp'
  if (atBroker !== undefined && (isExact || !results)) return noted + atBroker
  if (results) {
    const counted = await persist(runtime, 'counting a start', request.id, () =>
      results.countStart(request.id),
    )
    request.isCounted = true
    // The first start was not redelivered, so it was not counted there.
    return noted + Math.min(counted + 1, atBroker ?? Number.POSITIVE_INFINITY)
  }
  if (noted + 1 >= runtime.settings.maxDeliveries) return noted + 1
  await goRound(runtime, request, noted + 1)
  return undefined
}

async function goRound(runtime: Runtime, request: TaskRequest, starts: number): Promise<void> {
  const { delivery } = request
  request.isLeaving = true
  const headers = { ...delivery.message.headers, [lossesHeader]: starts }
  const leaving = delivery.delay(new Date(nowOf(runtime)), headers)
  runtime.goingRound.add(leaving)
  try {
    await leaving
  } finally {
    runtime.goingRound.delete(leaving)
  }
  done(runtime, request)
}
