import type { AppCore } from '../app/app-core.ts'
import type { SignatureData } from '../protocol/message.ts'
import { taskMeta } from '../results/task-meta.ts'
import type { TaskFailure } from './after-task.ts'
import { completePart } from './chord-part.ts'
import { bodyOf, isChain, isChord, isGroup, listOf, tasksOf } from './data.ts'
import { normalise } from './normalise.ts'

export interface FailOptions {
  /** Whether the failure is kept for each task; chords hear of it in any case. */
  keep: boolean
  /** Result tuples of what was sent for it. */
  children?: unknown[]
}

/** What was left of a chain fails, so that whoever waits for its end, or for a chord it is part of, is not left waiting. */
export async function failChain(
  app: AppCore,
  chain: readonly SignatureData[],
  failure: TaskFailure,
  options: FailOptions,
): Promise<void> {
  for (const step of chain.toReversed()) await failCanvas(app, normalise(step), failure, options)
}

/** The same for every task of a canvas, in its simplest form, that gives or would have given a result of its own. */
export async function failCanvas(
  app: AppCore,
  data: SignatureData,
  failure: TaskFailure,
  options: FailOptions,
): Promise<void> {
  if (isChain(data)) {
    for (const step of tasksOf(data)) await failCanvas(app, step, failure, options)
    return
  }
  if (options.keep) await keepFailure(app, data, failure, options.children ?? [])
  if (isGroup(data)) for (const task of tasksOf(data)) await failCanvas(app, task, failure, options)
  const body = isChord(data) ? bodyOf(data) : undefined
  if (body) await failCanvas(app, body, failure, options)
  if (isGroup(data) || body) return
  await failPart(app, data, failure)
  await failChain(app, listOf(data.options.chain) as SignatureData[], failure, options)
}

async function failPart(app: AppCore, { options }: SignatureData, failure: TaskFailure): Promise<void> {
  const { task_id: taskId, chord, group_id, group_index, root_id } = options
  if (!chord || taskId === undefined) return
  const part = { taskId, groupId: group_id, index: group_index, rootId: root_id ?? taskId }
  await completePart(app, chord, { ...part, state: 'FAILURE', result: failure.exception })
}

async function keepFailure(
  app: AppCore,
  { options }: SignatureData,
  failure: TaskFailure,
  children: unknown[],
): Promise<void> {
  const { task_id: taskId } = options
  const results = taskId === undefined ? undefined : await app.results()
  if (!results || taskId === undefined) return
  const { group_id: group, parent_id: parentId } = options
  const { exception: result, traceback } = failure
  const about = { id: taskId, group, parentId, children }
  await results.store(taskMeta(about, { status: 'FAILURE', result, traceback }, app.options.now()))
}
