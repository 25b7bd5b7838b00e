import { createHash, randomUUID } from 'node:crypto'
import type { DeadLetter, DeathReason } from '../../brokers/dead-letter-store.ts'
import type { Delivery } from '../../brokers/port.ts'
import { pythonRepr } from '../../protocol/repr.ts'
import type { ExceptionData } from '../../results/port.ts'
import { persist } from '../persist.ts'
import { nowOf, type Runtime } from '../runtime.ts'
import { readHistory } from './history.ts'

/** Characters that are shown of an argument which is no text. */
const longestArgument = 1_024

export interface Death {
  reason: DeathReason
  taskId: string | undefined
  task: string | undefined
  exception: ExceptionData
  traceback: string | undefined
}

/**
 * Keeps the message as a dead letter. Only then may it be acknowledged. False when its reason is switched off: then it
 * is to be discarded, for its queue's own dead-letter exchange.
 */
export async function bury(runtime: Runtime, delivery: Delivery, death: Death): Promise<boolean> {
  if (!runtime.settings.isDeadLetter(death.reason)) return false
  const letter = letterOf(delivery, death, runtime.settings.hostname, new Date(nowOf(runtime)))
  await persist(runtime, 'keeping a dead letter', death.taskId, () => runtime.broker.deadLetters.add(letter))
  runtime.metrics.dead(death.task, death.reason)
  const { taskId, task, reason } = death
  runtime.log.warn(
    { id: taskId, task, reason, letter: letter.id, queue: letter.queue },
    'task is a dead letter',
  )
  return true
}

function letterOf(delivery: Delivery, death: Death, worker: string, now: Date): DeadLetter {
  const { reason, taskId, task, exception, traceback } = death
  return {
    id: letterId(delivery, death),
    reason,
    taskId,
    task,
    queue: delivery.queue,
    exchange: delivery.exchange,
    routingKey: delivery.routingKey,
    diedAt: now.toISOString(),
    worker,
    error: { type: exception.exc_type, message: messageOf(exception), traceback },
    history: readHistory(delivery.message.headers),
    message: delivery.message,
  }
}

/** The same death of the same task has the same id: an acknowledgement lost after it makes no second letter. */
function letterId({ message }: Delivery, { reason, taskId }: Death): string {
  if (taskId === undefined) return randomUUID()
  const death = JSON.stringify([taskId, message.headers.retries ?? 0, reason])
  // With the body: two messages that somebody gave one id are two letters.
  const hex = createHash('sha1').update(death).update(message.body).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** Text as it is, and the rest as Python shows it: what has no prototype, such as `match.groups`, has no text of its own. */
function messageOf({ exc_message: args }: ExceptionData): string {
  const all: unknown[] = Array.isArray(args) ? args : [args]
  return all.map((arg) => (typeof arg === 'string' ? arg : pythonRepr(arg, longestArgument))).join(', ')
}
