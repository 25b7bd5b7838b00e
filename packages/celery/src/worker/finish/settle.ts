import type { Delivery } from '../../brokers/port.ts'
import { fingerprint } from '../fingerprint.ts'
import type { Runtime } from '../runtime.ts'
import type { TaskRequest } from '../task-request.ts'

/** Acknowledged once, early or late. It is remembered, as the acknowledgement itself can be lost on its way. */
export async function acknowledge(runtime: Runtime, request: TaskRequest): Promise<void> {
  if (request.acknowledged) return
  request.acknowledged = true
  remember(runtime, request)
  await request.delivery.ack()
}

/** Before it is begun, so that it is never begun again. False when that is in vain: then its message comes again. */
export function acknowledgeFirst(runtime: Runtime, request: TaskRequest): Promise<boolean> {
  request.acknowledging = tryToAcknowledge(runtime, request)
  return request.acknowledging
}

async function tryToAcknowledge(runtime: Runtime, request: TaskRequest): Promise<boolean> {
  request.acknowledged = true
  remember(runtime, request)
  if (await request.delivery.ackFirst()) return true
  request.acknowledged = false
  runtime.finished.delete(request.id)
  return false
}

/** Away with it: where the queue has a dead-letter exchange of its own, it goes there. */
export async function discard(runtime: Runtime, request: TaskRequest): Promise<void> {
  if (request.acknowledged) return
  request.acknowledged = true
  request.isDiscarded = true
  remember(runtime, request)
  await request.delivery.discard()
}

function remember({ finished, discarded }: Runtime, { id, delivery, isDiscarded }: TaskRequest): void {
  const how = isDiscarded ? discarded : finished
  how.set(id, fingerprint(delivery.message))
}

/** As the first delivery of its message was: an acknowledgement would keep it from where a discarded one goes. */
export function settleAgain(delivery: Delivery, isDiscarded: boolean): Promise<void> {
  return isDiscarded ? delivery.discard() : delivery.ack()
}

/** Back into its queue, for whoever is next. Never throws: what cannot be put back comes again by itself. */
export async function giveBack(runtime: Runtime, request: TaskRequest): Promise<void> {
  request.isLeaving = true
  if (request.acknowledged) return
  try {
    await request.delivery.requeue()
  } catch (error) {
    runtime.log.warn({ err: error, id: request.id }, 'a message could not be put back; its broker will')
  }
}
