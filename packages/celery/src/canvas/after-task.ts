import type { AppCore } from '../app/app-core.ts'
import { type CurrentTask, currentTask, runAsTask } from '../app/current-task.ts'
import { ignoresResult } from '../app/task-options.ts'
import { forEachBounded } from '../async/for-each-bounded.ts'
import { isRefused } from '../errors.ts'
import type { TaskMessage } from '../protocol/message.ts'
import type { ExceptionData } from '../results/port.ts'
import { applySignature } from './apply.ts'
import { completePart } from './chord-part.ts'
import { sendErrbacks } from './errbacks.ts'
import { failChain } from './fail-canvas.ts'
import { sentAtOnce } from './publish.ts'

export interface TaskFailure {
  state: 'FAILURE' | 'REVOKED'
  exception: ExceptionData
  traceback: string | null
}

/**
 * What follows a task that succeeded: its callbacks and the next step of its chain are sent, its result is kept by
 * `keep`, then its part of a chord is handed in. In this order nothing is lost when the worker dies on the way and the
 * task, not acknowledged yet, runs again; what was sent is sent again then, under the same ids in a chain. Servers that
 * are down are the app's to wait for, message by message: nothing here is repeated.
 *
 * Whoever runs the task as `runAsTask` finds what was sent among its children when `keep` is called.
 * @throws CeleryError when a callback or step cannot be sent: the task is to fail for `BAD_MESSAGE` and `BAD_VALUE`, and
 *   to run again for others
 */
export async function afterSuccess(
  app: AppCore,
  message: TaskMessage,
  value: unknown,
  keep: () => Promise<void>,
): Promise<void> {
  const { callbacks, chain, chord } = message.embed
  if (callbacks?.length || chain?.length) {
    await asTask(message, (current) => sendFollowers(app, message, value, current))
  }
  await keep()
  if (chord) {
    await asTask(message, () =>
      completePart(app, chord, { ...partOf(message), state: 'SUCCESS', result: value }),
    )
  }
}

/**
 * What follows a task that failed, once that is kept: its part of a chord is handed in, what was left of its chain fails
 * like it, and its errbacks are sent with its id. A revoked one, as in Celery, only hands in its part. None of these
 * waits for the others, as one server may be away and another not.
 */
export async function afterFailure(app: AppCore, message: TaskMessage, failure: TaskFailure): Promise<void> {
  const { errbacks, chain, chord } = message.embed
  const { headers } = message
  const { state, exception } = failure
  if (!chord && !chain?.length && !errbacks?.length) return
  await asTask(message, async () => {
    const work: Promise<unknown>[] = []
    if (chord) work.push(completePart(app, chord, { ...partOf(message), state, result: exception }))
    const hasFailed = state === 'FAILURE'
    if (hasFailed && chain?.length)
      work.push(failChain(app, chain, failure, { keep: !ignoresResult(app, headers) }))
    if (hasFailed && errbacks?.length) work.push(sendErrbacks(app, errbacks, headers.id, headers.root_id))
    await allOf(work)
  })
}

/** Rejects when all have ended, first of all with an error that another try may mend. */
async function allOf(work: readonly Promise<unknown>[]): Promise<void> {
  const ends = await Promise.allSettled(work)
  const errors = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []))
  if (errors.length > 0) throw errors.find((error) => !isRefused(error)) ?? errors[0]
}

/** Callbacks together, as none waits for another, then the chain's next step, which is not sent when one is refused. */
async function sendFollowers(
  app: AppCore,
  { headers, embed }: TaskMessage,
  value: unknown,
  current: CurrentTask,
): Promise<void> {
  const options = { parent_id: headers.id, root_id: headers.root_id ?? headers.id }
  const callbacks = (embed.callbacks ?? []).map((callback) => ({ callback, children: [] as unknown[] }))
  try {
    await forEachBounded(callbacks, sentAtOnce, ({ callback, children }) => {
      const { id, rootId, headers: own } = current
      const send = () => applySignature(app, callback, [value], { options })
      return runAsTask({ id, rootId, headers: own, children }, send)
    })
  } finally {
    // In their own order, whichever was sent first.
    for (const { children } of callbacks) current.children.push(...children)
  }
  const next = embed.chain?.at(-1)
  if (next) await applySignature(app, next, [value], { options, chain: embed.chain?.slice(0, -1) ?? [] })
}

/** What is sent is the task's, also when its worker has left its context. */
function asTask<T>({ headers }: TaskMessage, fn: (current: CurrentTask) => Promise<T>): Promise<T> {
  const running = currentTask()
  if (running?.id === headers.id) return fn(running)
  const current = { id: headers.id, rootId: headers.root_id ?? headers.id, headers, children: [] }
  return runAsTask(current, () => fn(current))
}

function partOf({ headers }: TaskMessage) {
  return {
    taskId: headers.id,
    groupId: headers.group ?? undefined,
    index: headers.group_index ?? undefined,
    rootId: headers.root_id ?? headers.id,
  }
}
