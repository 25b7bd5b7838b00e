import type { AppCore } from '../app/app-core.ts'
import { isBuiltin } from '../app/builtins.ts'
import type { AnyTaskDefinition, RetryPolicy } from '../app/task.ts'
import { optionsOf } from '../app/task-options.ts'

/** A task's definition with the app's defaults, and what remote control has changed since. */
export interface TaskProfile {
  readonly definition: AnyTaskDefinition
  /** One of Celery's own: it runs where the app's connections are, unless it is a map of a task for threads. */
  readonly isBuiltin: boolean
  readonly isLate: boolean
  readonly ackOnFailure: boolean
  readonly retry: RetryPolicy | undefined
  readonly trackStarted: boolean
  readonly ignoreResult: boolean
  readonly runOn: 'main' | 'thread'
  softTimeLimit: number | undefined
  timeLimit: number | undefined
}

/** The profiles of the app's tasks, Celery's own among them; one that is defined later has one too. */
export class TaskProfiles {
  readonly #app: AppCore
  readonly #profiles = new Map<string, TaskProfile>()

  constructor(app: AppCore) {
    this.#app = app
  }

  get(name: string): TaskProfile | undefined {
    const known = this.#profiles.get(name)
    if (known) return known
    const definition = this.#app.tasks.get(name)
    if (!definition) return undefined
    const profile = profileOf(this.#app, definition)
    this.#profiles.set(name, profile)
    return profile
  }
}

function profileOf(app: AppCore, definition: AnyTaskDefinition): TaskProfile {
  const options = optionsOf(app, definition)
  const own = isBuiltin(definition)
  return {
    definition,
    isBuiltin: own,
    isLate: options.ack === 'late',
    ackOnFailure: options.ackOnFailure ?? true,
    retry: options.retry,
    trackStarted: options.trackStarted ?? false,
    ignoreResult: options.ignoreResult ?? false,
    runOn: (own ? definition.runOn : options.runOn) ?? 'main',
    softTimeLimit: options.softTimeLimit,
    timeLimit: options.timeLimit,
  }
}
