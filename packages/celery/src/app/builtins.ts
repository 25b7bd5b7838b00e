import type { TaskMessage } from '../protocol/message.ts'
import { isRecord } from '../protocol/shape.ts'
import type { Call } from './build-message.ts'
import type { AnyTaskDefinition } from './task.ts'

const builtins = new WeakSet<AnyTaskDefinition>()
const maps = new Set(['celery.map', 'celery.starmap'])

/** Notes that these are Celery's own. */
export function markBuiltin(definitions: readonly AnyTaskDefinition[]): void {
  for (const definition of definitions) builtins.add(definition)
}

/** It is one of Celery's own. */
export function isBuiltin(definition: AnyTaskDefinition): boolean {
  return builtins.has(definition)
}

/** It runs another task's code, for one item after the other. */
export function isMap(name: string): boolean {
  return maps.has(name)
}

/** Where a call runs: a map where the task lives that it calls. */
export function homeOf(call: Pick<Call, 'name' | 'args' | 'kwargs'>): string {
  return (isMap(call.name) ? mappedTask(call) : undefined) ?? call.name
}

/** The name of the task whose code a map runs, as far as its arguments tell. */
export function mappedTask({ args, kwargs }: Pick<TaskMessage, 'args' | 'kwargs'>): string | undefined {
  const given = kwargs.task ?? args[0]
  return isRecord(given) && typeof given.task === 'string' ? given.task : undefined
}
