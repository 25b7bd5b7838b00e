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

/** Away with it: where the queue has a dead-letter exchange of its own, it goes there. */
export async function discard(runtime: Runtime, request: TaskRequest): Promise<void> {
  if (request.acknowledged) return
  request.acknowledged = true
  remember(runtime, request)
  await request.delivery.discard()
}

function remember({ finished }: Runtime, { id, delivery }: TaskRequest): void {
  finished.set(id, fingerprint(delivery.message))
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
