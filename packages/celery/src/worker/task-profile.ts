import type { AppCore } from '../app/celery.ts'
import type { AnyTaskDefinition, RetryPolicy } from '../app/task.ts'
import { builtinTasks } from '../canvas/builtin-tasks.ts'

/** A task's definition with the app's defaults, and what remote control has changed since. */
export interface TaskProfile {
  readonly definition: AnyTaskDefinition
  /** One of Celery's own: it runs where the app's connections are. */
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

/** The profiles of the app's tasks and of Celery's own; one that is defined later has one too. */
export class TaskProfiles {
  readonly #app: AppCore
  readonly #builtin: ReadonlyMap<string, AnyTaskDefinition>
  readonly #profiles = new Map<string, TaskProfile>()

  constructor(app: AppCore) {
    this.#app = app
    this.#builtin = new Map(builtinTasks(app).map((definition) => [definition.name, definition]))
  }

  get(name: string): TaskProfile | undefined {
    const known = this.#profiles.get(name)
    if (known) return known
    const own = this.#app.tasks.get(name)
    const definition = own ?? this.#builtin.get(name)
    if (!definition) return undefined
    const profile = profileOf(this.#app, definition, own === undefined)
    this.#profiles.set(name, profile)
    return profile
  }
}

function profileOf(app: AppCore, definition: AnyTaskDefinition, isBuiltin: boolean): TaskProfile {
  const options = { ...app.options.taskDefaults, ...definition }
  return {
    definition,
    isBuiltin,
    isLate: options.ack === 'late',
    ackOnFailure: options.ackOnFailure ?? true,
    retry: options.retry,
    trackStarted: options.trackStarted ?? false,
    ignoreResult: options.ignoreResult ?? false,
    runOn: options.runOn ?? 'main',
    softTimeLimit: options.softTimeLimit,
    timeLimit: options.timeLimit,
  }
}
