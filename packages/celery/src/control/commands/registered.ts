import type { AnyTaskDefinition } from '../../app/task.ts'
import type { WorkerSurface } from '../../worker/surface.ts'
import { flag, texts } from '../arguments.ts'
import type { Command } from '../command.ts'

const defaultItems = ['exchange', 'routing_key', 'rate_limit']

export const registered: Command = {
  kind: 'inspect',
  help: 'Lists the tasks that the worker knows, with attributes of theirs.',
  signature: '[attr1 [attr2 [... [attrN]]]]',
  run: ({ worker }, args) => {
    const items = texts(args, 'taskinfoitems')
    const builtins = flag(args, 'builtins')
    return [...worker.app.tasks.values()]
      .filter(({ name }) => builtins || !name.startsWith('celery.'))
      .map((task) => describe(worker, task, items.length > 0 ? items : defaultItems))
      .sort()
  },
}

/** `feeds.refresh [rate_limit=10/m]`. */
function describe(worker: WorkerSurface, task: AnyTaskDefinition, items: readonly string[]): string {
  const attributes = attributesOf(worker, task)
  const told = items.filter((item) => Object.hasOwn(attributes, item) && attributes[item] !== undefined)
  if (told.length === 0) return task.name
  return `${task.name} [${told.map((item) => `${item}=${attributes[item]}`).join(' ')}]`
}

/** Under the names that attributes of Python's tasks have. */
function attributesOf(worker: WorkerSurface, task: AnyTaskDefinition): Record<string, unknown> {
  const { taskDefaults } = worker.app.options
  const retry = task.retry ?? taskDefaults.retry
  return {
    name: task.name,
    queue: task.queue ?? taskDefaults.queue,
    priority: task.priority ?? taskDefaults.priority,
    rate_limit: worker.rateLimit(task.name),
    acks_late: (task.ack ?? taskDefaults.ack) === 'late',
    ignore_result: task.ignoreResult ?? taskDefaults.ignoreResult ?? false,
    track_started: task.trackStarted ?? taskDefaults.trackStarted ?? false,
    max_retries: retry?.max,
    default_retry_delay: retry?.delay,
    soft_time_limit: task.softTimeLimit ?? taskDefaults.softTimeLimit,
    time_limit: task.timeLimit ?? taskDefaults.timeLimit,
    serializer: 'json',
  }
}
