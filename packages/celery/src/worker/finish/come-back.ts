import type { Delivery } from '../../brokers/port.ts'
import { formatTime } from '../../protocol/time.ts'
import { nowOf, type Runtime } from '../runtime.ts'
import type { TaskRequest } from '../task-request.ts'
import { addHistory, historyHeader, lossesHeader } from './history.ts'

/** Seconds before the first further try of a task that was lost or rejected itself, and at most. */
const firstWait = 1
const maxWait = 60

/**
 * Parks the message of a run that came to nothing for its next try, marked with how often that has happened now, and
 * with the time of that try as its ETA: who gets it sooner holds it. Of one that was acknowledged already, a copy is sent.
 */
export async function comeBack(
  runtime: Runtime,
  request: TaskRequest,
  losses: number,
  { event, detail }: { event: string; detail: string },
): Promise<void> {
  const { delivery } = request
  const { headers } = delivery.message
  const now = nowOf(runtime)
  const history = addHistory(headers, { at: new Date(now).toISOString(), event, detail })
  const until = new Date(now + Math.min(maxWait, firstWait * 2 ** (losses - 1)) * 1_000)
  const marked = { ...headers, eta: formatTime(until), [historyHeader]: history, [lossesHeader]: losses }
  request.isLeaving = true
  try {
    if (request.acknowledged) await sendCopy(runtime, delivery, marked, until)
    else await delivery.delay(until, marked)
  } catch (error) {
    // It is this worker's still, and a copy that comes meanwhile is the same.
    request.isLeaving = false
    throw error
  }
}

async function sendCopy(
  { broker }: Runtime,
  { message, queue }: Delivery,
  headers: Record<string, unknown>,
  notBefore: Date,
): Promise<void> {
  // It was for as long as the message waited the first time.
  const { expiration: _, ...properties } = message.properties
  await broker.publish(
    { ...message, headers, properties },
    { exchange: '', routingKey: queue },
    { notBefore },
  )
}
