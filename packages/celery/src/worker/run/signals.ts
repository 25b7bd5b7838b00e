import type { RetryOptions } from '../../app/task.ts'
import type { SignatureData } from '../../protocol/message.ts'

/** What a task's context throws to say how the task is to end. Not errors: they end a task as it asked to be. */
export class RetrySignal extends Error {
  readonly options: RetryOptions
  constructor(options: RetryOptions) {
    super('the task asked to be tried again')
    this.options = options
  }
}

export class ReplaceSignal extends Error {
  readonly signature: SignatureData
  constructor(signature: SignatureData) {
    super('the task asked to be replaced')
    this.signature = signature
  }
}

export class IgnoreSignal extends Error {
  constructor() {
    super('the task asked to be ignored')
  }
}

export class RejectSignal extends Error {
  readonly requeue: boolean
  readonly reason: string
  constructor(requeue: boolean, reason: string) {
    super('the task asked to be rejected')
    this.requeue = requeue
    this.reason = reason
  }
}
