import type { AppCore } from './app-core.ts'

/** The names of the queues that the app sends to: its own, and those that routes, tasks and their defaults name. */
export function knownQueues({ options, tasks }: AppCore): string[] {
  const { queues, routes, defaultQueue, taskDefaults } = options
  const named = [...queues.map(({ name }) => name), ...routes.map(({ queue }) => queue)]
  const ofTasks = [taskDefaults, ...tasks.values()].flatMap(({ queue }) => queue ?? [])
  return [...new Set([defaultQueue, ...named, ...ofTasks])]
}
