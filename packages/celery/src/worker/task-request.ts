import type { Delivery } from '../brokers/port.ts'
import type { TaskMessage } from '../protocol/message.ts'
import { readLosses } from './finish/history.ts'
import type { Slots } from './queueing/slots.ts'
import type { RunContext } from './run/run-context.ts'
import type { RequestInfo } from './surface.ts'
import type { TaskProfile } from './task-profile.ts'

/** One message in the worker's hands, from its delivery to its settlement. */
export class TaskRequest implements RequestInfo {
  readonly message: TaskMessage
  readonly profile: TaskProfile
  /** Milliseconds since 1970. */
  readonly receivedMs: number
  /** Milliseconds, of `performance.now`: a clock that is set meanwhile changes nothing of how long it waited. */
  readonly cameAt = performance.now()
  /** The one to settle: another takes its place when the first was lost and the message came again. */
  delivery: Delivery
  /** Of a message that was sent twice, what came while this one is in hand: settled after it. */
  copies: Delivery[] | undefined
  /** `held` until its ETA, `waiting` for a rate limit or a slot, `running` from when it has one. */
  status: 'held' | 'waiting' | 'running' = 'waiting'
  /** Milliseconds since 1970; 0 until it runs. */
  startedMs = 0
  acknowledged = false
  /** Whether it is true that it is acknowledged, where its broker has to answer that before it begins. */
  acknowledging: Promise<boolean> | undefined
  /** It was not acknowledged but discarded, for its queue's own dead-letter exchange. */
  isDiscarded = false
  /** How it ends is decided, and nothing changes that. */
  isDecided = false
  /** On its way out of this worker's hands unfinished: a copy that comes again is another request. */
  isLeaving = false
  /** Something is asked or told yet before its first line, and no other keeps it from that any more. */
  isUnderWay = false
  context: RunContext | undefined
  /** What it is held for. */
  eta: Date | undefined
  /** How often its broker did not park it. */
  unparked = 0
  /** The slot that it has. */
  slots: Slots<TaskRequest> | undefined
  /** Its end was noted in metrics and trace. */
  hasEnded = false
  /** It has left its slot to the next, and what it ended with is being written. */
  hasRun = false
  /** STARTED on its way to the result store. */
  tracking: Promise<void> | undefined
  /** Until its ETA, or until its soft time limit. */
  timer: NodeJS.Timeout | undefined
  hardTimer: NodeJS.Timeout | undefined
  /** Ends the thread it runs on. */
  thread: AbortController | undefined
  endSpan: ((end: { state: string; exception: string | undefined }) => void) | undefined
  /** Its starts were counted in the result store, to be forgotten when it is done. */
  isCounted = false

  constructor(message: TaskMessage, profile: TaskProfile, delivery: Delivery, now: number) {
    this.message = message
    this.profile = profile
    this.delivery = delivery
    this.receivedMs = now
  }

  get id(): string {
    return this.message.headers.id
  }
  get task(): string {
    return this.message.headers.task
  }
  get retries(): number {
    return this.message.headers.retries ?? 0
  }
  get queue(): string {
    return this.delivery.queue
  }
  get exchange(): string {
    return this.delivery.exchange
  }
  get routingKey(): string {
    return this.delivery.routingKey
  }
  /** Begun before, as its broker says, or as its message does since it was parked in between. */
  get redelivered(): boolean {
    return this.delivery.redelivered || readLosses(this.delivery.message.headers) > 0
  }
  get receivedAt(): Date {
    return new Date(this.receivedMs)
  }
  get startedAt(): Date | undefined {
    return this.startedMs === 0 ? undefined : new Date(this.startedMs)
  }
  get pid(): number {
    return process.pid
  }
  /** What the message says goes before what the task says, as in Celery. */
  get ignoresResult(): boolean {
    return this.message.headers.ignore_result ?? this.profile.ignoreResult
  }
  /** Seconds; 0 is none, as in Celery. */
  get timeLimit(): number | undefined {
    return (this.message.headers.timelimit?.[0] ?? this.profile.timeLimit) || undefined
  }
  get softTimeLimit(): number | undefined {
    return (this.message.headers.timelimit?.[1] ?? this.profile.softTimeLimit) || undefined
  }

  addCopy(delivery: Delivery): void {
    this.copies ??= []
    this.copies.push(delivery)
  }

  clearTimers(): void {
    clearTimeout(this.timer)
    clearTimeout(this.hardTimer)
    this.timer = undefined
    this.hardTimer = undefined
  }
}
