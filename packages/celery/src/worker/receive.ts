import type { Delivery } from '../brokers/port.ts'
import { decodeTask } from '../protocol/decode-task.ts'
import type { TaskMessage } from '../protocol/message.ts'
import { parseTime } from '../protocol/time.ts'
import { fingerprint } from './fingerprint.ts'
import { crashed } from './finish/crash.ts'
import { putAside } from './finish/put-aside.ts'
import { endRevoked } from './finish/revoke.ts'
import { settleAgain } from './finish/settle.ts'
import { refuseUnknown, refuseUnreadable } from './refuse.ts'
import { inBackground, nowOf, type Runtime } from './runtime.ts'
import { enqueue, schedule } from './schedule.ts'
import { TaskRequest } from './task-request.ts'
import { whyNot } from './why-not.ts'

/** Takes one message in hand. Never throws: what goes wrong here is logged, and the message goes back. */
export function receive(runtime: Runtime, delivery: Delivery): void {
  try {
    admit(runtime, delivery)
  } catch (error) {
    runtime.log.error({ err: error, queue: delivery.queue }, 'a message could not be taken in hand')
    inBackground(runtime, 'putting a message aside', putAside(runtime, delivery))
  }
}

function admit(runtime: Runtime, delivery: Delivery): void {
  if (runtime.isStopping) {
    inBackground(runtime, 'putting a message back', delivery.requeue())
    return
  }
  if (delivery.redelivered && isKnown(runtime, delivery)) return
  let message: TaskMessage
  try {
    const { maxBodySize, timeZone } = runtime.app.options
    message = decodeTask(delivery.message, { maxBodySize, timeZone })
  } catch (error) {
    refuseUnreadable(runtime, delivery, error)
    return
  }
  const profile = runtime.profiles.get(message.headers.task)
  if (!profile) {
    refuseUnknown(runtime, delivery, message)
    return
  }
  const request = new TaskRequest(message, profile, delivery, nowOf(runtime))
  runtime.requests.add(request)
  runtime.parked.remove(request.id)
  try {
    place(runtime, request)
  } catch (error) {
    // It is in hand now, and must not stay there for ever.
    void crashed(runtime, request, error)
  }
}

/** Revoked, for later, or for now. */
function place(runtime: Runtime, request: TaskRequest): void {
  const how = whyNot(runtime, request)
  if (how) {
    endRevoked(runtime, request, how)
    return
  }
  runtime.events.received(request)
  const { eta } = request.message.headers
  const due = eta ? parseTime(eta) : undefined
  if (due) schedule(runtime, request, due)
  else enqueue(runtime, request)
}

/**
 * A message that comes again while this worker still has it, or has just been done with it: its first delivery's
 * connection was lost, or it was sent twice. It is not run twice.
 */
function isKnown(runtime: Runtime, delivery: Delivery): boolean {
  const { id } = delivery.message.headers
  if (typeof id !== 'string') return false
  const print = fingerprint(delivery.message)
  for (const request of runtime.requests.withId(id)) {
    if (request.isLeaving) continue
    if (fingerprint(request.delivery.message) !== print) continue
    receiveAgain(runtime, request, delivery)
    runtime.log.info({ id, task: request.task }, 'a message came again for a task that is in hand')
    return true
  }
  const isDiscarded = runtime.discarded.get(id) === print
  if (!isDiscarded && runtime.finished.get(id) !== print) return false
  runtime.log.info({ id }, 'a message came again for a task that is done: its acknowledgement was lost')
  inBackground(runtime, 'settling a message again', settleAgain(delivery, isDiscarded))
  return true
}

function receiveAgain(runtime: Runtime, request: TaskRequest, delivery: Delivery): void {
  const { acknowledged, startedMs, isDiscarded } = request
  if (acknowledged && startedMs > 0)
    inBackground(runtime, 'settling a message again', settleAgain(delivery, isDiscarded))
  else if (!acknowledged && request.delivery.isLost) request.delivery = delivery
  // Also while it is acknowledged before it begins, which may yet turn out to be in vain.
  else request.addCopy(delivery)
}
