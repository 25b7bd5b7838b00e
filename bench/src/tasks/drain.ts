import { setTimeout as pause } from 'node:timers/promises'
import type { ResultStore } from '@colophon/celery'
import { cpuSeconds } from './cpu.ts'
import type { Place } from './place.ts'
import type { Started } from './process.ts'

export interface Rate {
  /** Tasks per second of CPU time of the worker's processes. */
  perCpu: number
  /** Tasks per second of the clock. */
  perSecond: number
}

/** What a worker has in hand ends in any order. */
const window = 200

/**
 * So many tasks that do nothing, waiting in the queue before the worker starts. The first tenth warms it up; counted is
 * from the end of these to the end of the last.
 */
export async function drain(
  place: Place,
  tasks: number,
  begin: () => Started | Promise<Started>,
  task = 'bench.noop',
): Promise<Rate> {
  const { app } = place
  const ids = await fill(place, tasks, task)
  const warmUp = Math.max(window, tasks / 10)
  const store = await app.store()
  const worker = await begin()
  try {
    await finished(store, ids.slice(warmUp - window, warmUp))
    const [cpu, clock] = [cpuSeconds(worker.pid), performance.now()]
    await finished(store, ids.slice(-window))
    const seconds = (performance.now() - clock) / 1_000
    const counted = tasks - warmUp
    return { perCpu: counted / (cpuSeconds(worker.pid) - cpu), perSecond: counted / seconds }
  } finally {
    await worker.stop()
  }
}

/** Sends tasks that do nothing and returns their ids. */
export async function fill({ app }: Place, tasks: number, task = 'bench.noop'): Promise<string[]> {
  const ids: string[] = []
  while (ids.length < tasks) {
    const some = Array.from({ length: Math.min(500, tasks - ids.length) }, () => app.send(task))
    for (const { id } of await Promise.all(some)) ids.push(id)
  }
  return ids
}

/** Resolves when all of these have succeeded. Waits for one at a time, so that looking takes no time from the worker. */
export async function finished(store: ResultStore, ids: readonly string[]): Promise<void> {
  for (let left = [...ids]; left.length > 0; ) {
    while ((await unfinished(store, left.slice(0, 1))).length > 0) await pause(10)
    left = await unfinished(store, left)
  }
}

async function unfinished(store: ResultStore, ids: readonly string[]): Promise<string[]> {
  const metas = await store.get(ids)
  return ids.filter((_, index) => metas[index]?.status !== 'SUCCESS')
}
