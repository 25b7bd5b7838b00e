import type { Destination, QueueDeclaration } from '../brokers/port.ts'
import { fnmatch } from '../protocol/fnmatch.ts'
import type { AppCore, PublishTo } from './app-core.ts'
import type { Route } from './celery-options.ts'

/** The first route whose pattern fits the task's name: `feeds.*` as in a shell, or a regular expression from its start. */
export function findRoute(routes: readonly Route[], task: string): Route | undefined {
  return routes.find((route) => fits(route.task, task))
}

/** Where a task goes that its caller leaves open, and how urgently: what the task says, then its route, then the app. */
export function routeOf(app: AppCore, task: string): { queue: string; priority: number | undefined } {
  const { routes, taskDefaults, defaultQueue } = app.options
  const definition = app.tasks.get(task)
  const route = findRoute(routes, task)
  return {
    queue: definition?.queue ?? route?.queue ?? taskDefaults.queue ?? defaultQueue,
    priority: definition?.priority ?? route?.priority ?? taskDefaults.priority,
  }
}

/**
 * The queue that a signature of the task carries, for whoever sends it as a later step and knows nothing of it. Undefined
 * when nothing is said of the task, which is left to that sender: Celery's own default queue is no statement, nor is
 * another of this app's for a task that does not live in it.
 */
export function carriedQueue(app: AppCore, task: string): string | undefined {
  const { routes, taskDefaults, defaultQueue } = app.options
  const route = findRoute(routes, task)
  const definition = task.startsWith('celery.') ? undefined : app.tasks.get(task)
  if (!definition) return route?.queue
  const byDefault = defaultQueue === 'celery' ? undefined : defaultQueue
  return definition.queue ?? route?.queue ?? taskDefaults.queue ?? byDefault
}

const patterns = new Map<string, (task: string) => boolean>()

function fits(pattern: string | RegExp, task: string): boolean {
  if (pattern instanceof RegExp) return task.search(pattern) === 0
  return /[*?[]/.test(pattern) ? read(pattern)(task) : pattern === task
}

/** The pattern of a route, read once. */
function read(pattern: string): (task: string) => boolean {
  let known = patterns.get(pattern)
  if (!known) {
    known = fnmatch(pattern)
    // There are as many as an app has routes; this bounds what makes up routes as it goes.
    if (patterns.size >= 10_000) patterns.clear()
    patterns.set(pattern, known)
  }
  return known
}

/**
 * Where a message for a queue is published: through the default exchange, which takes the queue's name for a key,
 * as Python does, unless the queue has an exchange that is not direct. On a fanout exchange the key matters to kombu on
 * Redis alone, where its workers hear those of one key: without one of the queue's own, that is the default queue's name.
 */
export function destination(
  to: PublishTo,
  queue: (name: string) => QueueDeclaration,
  defaultQueue: string,
): Destination {
  if (to.exchange !== undefined) return { exchange: to.exchange, routingKey: to.routingKey ?? '' }
  const declaration = queue(to.queue ?? '')
  const { name, exchange, routingKey } = declaration
  if (!exchange || exchange.type === 'direct') {
    return { exchange: '', routingKey: name, declare: declaration }
  }
  const byDefault = exchange.type === 'fanout' ? defaultQueue : name
  return { exchange: exchange.name, routingKey: routingKey ?? byDefault, declare: declaration }
}
