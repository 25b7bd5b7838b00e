import type { TaskHeaders } from '../protocol/message.ts'
import type { AppCore } from './app-core.ts'
import type { Call } from './build-message.ts'
import { homeOf, isBuiltin, isMap } from './builtins.ts'
import type { AnyTaskDefinition, TaskOptions } from './task.ts'

/** What a message carries of a task's options. */
export type CarriedOptions = Pick<TaskOptions, 'ignoreResult' | 'timeLimit' | 'softTimeLimit'>

/**
 * What the app says of a task of its own, for its messages: what the task says, then `taskDefaults`. Of one that lives
 * elsewhere it says nothing, as that has a worker with defaults of its own.
 */
function carriedOptions(app: AppCore, name: string): CarriedOptions {
  const definition = app.tasks.get(name)
  return definition ? optionsOf(app, definition) : {}
}

/** What the task says, then `taskDefaults`. */
export function optionsOf(app: AppCore, definition: AnyTaskDefinition): TaskOptions {
  const { taskDefaults } = app.options
  if (!isBuiltin(definition) || isMap(definition.name)) return over(taskDefaults, definition)
  // Limits by default are for tasks that work: most of Celery's own only send.
  const { timeLimit: _, softTimeLimit: __, ...others } = taskDefaults
  return over(others, definition)
}

/** What is undefined is not said. */
function over(defaults: TaskOptions, own: TaskOptions): TaskOptions {
  const said = Object.entries(own).filter(([, value]) => value !== undefined)
  return { ...defaults, ...Object.fromEntries(said) }
}

/** The same of what a call's message carries; undefined where the call runs a task that lives elsewhere. */
export function optionsOfCall(
  app: AppCore,
  call: Pick<Call, 'name' | 'args' | 'kwargs'>,
): CarriedOptions | undefined {
  return app.tasks.has(homeOf(call)) ? carriedOptions(app, call.name) : undefined
}

/** The result of a call that this app sends will not be kept, as far as it knows. */
export function willIgnoreResult(app: AppCore, call: Call): boolean {
  return call.options.ignore_result ?? optionsOfCall(app, call)?.ignoreResult ?? false
}

/** Nobody is to know the task's result. What the message says goes before what the task says, as in Celery. */
export function ignoresResult(app: AppCore, { task, ignore_result: said }: TaskHeaders): boolean {
  return said ?? carriedOptions(app, task).ignoreResult ?? false
}
