import type { DeathReason } from '../brokers/dead-letter-store.ts'
import type { Delivery } from '../brokers/port.ts'
import { celeryExceptions } from '../protocol/celery-exceptions.ts'
import { exceptionData } from '../protocol/exceptions.ts'
import type { TaskMessage } from '../protocol/message.ts'
import { ProtocolError } from '../protocol/protocol-error.ts'
import { taskIdentity } from '../protocol/read-headers.ts'
import type { TaskMeta } from '../results/port.ts'
import { taskMeta } from '../results/task-meta.ts'
import { bury } from './finish/dead-letter.ts'
import { failureFollows } from './finish/follow-up.ts'
import { metaOf } from './finish/meta.ts'
import { putAside } from './finish/put-aside.ts'
import { Abandoned, persist } from './persist.ts'
import { inBackground, nowOf, type Runtime } from './runtime.ts'

/** A message that cannot be read: a dead letter with the reason, and gone from its queue. */
export function refuseUnreadable(runtime: Runtime, delivery: Delivery, error: unknown): void {
  const reason = error instanceof ProtocolError ? error.reason : 'undecodable'
  refuse(runtime, delivery, { error, reason, message: undefined })
}

/** A task that nobody here knows. */
export function refuseUnknown(runtime: Runtime, delivery: Delivery, message: TaskMessage): void {
  const error = celeryExceptions.notRegistered(message.headers.task)
  refuse(runtime, delivery, { error, reason: 'unknown_task', message })
}

interface Refusal {
  error: unknown
  reason: DeathReason
  /** As far as it could be read. */
  message: TaskMessage | undefined
}

function refuse(runtime: Runtime, delivery: Delivery, refusal: Refusal): void {
  const { id, task } = taskIdentity(delivery.message)
  const { reason, error } = refusal
  runtime.log.error({ err: error, id, task, reason, queue: delivery.queue }, 'a message is refused')
  const work = carryOut(runtime, delivery, refusal).catch(async (failed: unknown) => {
    runtime.log.error({ err: failed, id, task }, 'a message could not be refused, and is put aside')
    await putAside(runtime, delivery)
  })
  inBackground(runtime, `refusing message ${id ?? 'without id'}`, work)
}

async function carryOut(
  runtime: Runtime,
  delivery: Delivery,
  { error, reason, message }: Refusal,
): Promise<void> {
  const { id, task } = taskIdentity(delivery.message)
  const { data: exception, traceback } = exceptionData(error)
  if (id !== undefined && !message?.headers.ignore_result) {
    const meta = message
      ? metaOf(runtime, { message, queue: delivery.queue }, 'FAILURE', exception)
      : taskMeta({ id }, { status: 'FAILURE', result: exception }, new Date(nowOf(runtime)))
    await storeFailure(runtime, meta)
  }
  if (message) await failureFollows(runtime, message, { state: 'FAILURE', exception, traceback })
  await bury(runtime, delivery, { reason, taskId: id, task, exception, traceback: undefined })
  if (id !== undefined) {
    runtime.events.failed(id, exception, traceback)
    runtime.events.rejected(id, false)
  }
  await delivery.discard()
}

async function storeFailure(runtime: Runtime, meta: TaskMeta): Promise<void> {
  const { results, log } = runtime
  const { task_id: id } = meta
  if (!results) return
  try {
    await persist(runtime, 'storing FAILURE', id, () => results.store(meta))
  } catch (error) {
    if (error instanceof Abandoned) throw error
    // Such as one with an id that the store refuses: the dead letter tells of it.
    log.error({ err: error, id }, 'the failure of a message that is refused could not be stored')
  }
}
