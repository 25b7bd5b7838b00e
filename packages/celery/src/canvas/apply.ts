import type { AppCore } from '../app/app-core.ts'
import { willIgnoreResult } from '../app/task-options.ts'
import type { SignatureData, SignatureOptions } from '../protocol/message.ts'
import { readSignature } from '../protocol/signature.ts'
import { type ResultNode, taskNode } from '../results/tree.ts'
import { isChunks, isTask, listOf, makeChain, mergeOptions } from './data.ts'
import { freeze } from './freeze.ts'
import { endsInGroup, isEmpty, normalise } from './normalise.ts'
import { bind, withDelivery } from './parts.ts'
import { type PublishContext, publish, publishOne } from './publish.ts'

export interface ApplyContext extends PublishContext {
  kwargs?: Record<string, unknown>
  /** Over those of the signature. */
  options?: SignatureOptions
}

/**
 * Sends what a signature says, with these arguments before its own.
 * @returns where its result will be found
 * @throws CeleryError `NO_RESULTS` for a chord when the app keeps no results; `BAD_MESSAGE` for what is no signature
 */
export async function applySignature(
  app: AppCore,
  given: SignatureData,
  args: unknown[] = [],
  context: ApplyContext = {},
): Promise<ResultNode> {
  const data = readSignature(given)
  const { kwargs = {}, options: over, chain: following, ...sending } = context
  const options = mergeOptions(data.options, over)
  const { root_id: rootId, parent_id, chain: own, ...rest } = options
  const chain = [...(following ?? []), ...(listOf(own) as SignatureData[])]
  // Who has the id of chunks that nothing follows waits there for what Celery's task gives: where to find the results.
  const isGroupOfChunks = isChunks(data) && (data.options.task_id === undefined || chain.length > 0)
  if (isTask(data) && !isGroupOfChunks) {
    const called = { ...bind(data, args, kwargs), options }
    const { id, isIgnored } = await publishOne(app, called, { ...sending, chain: following ?? [] })
    return taskNode(id, isIgnored)
  }

  const { data: canvas, chain: left } = joined(normalise({ ...data, options: rest }), chain)
  const begun = withDelivery(bind(canvas, args, kwargs), { ...(parent_id ? { parent_id } : {}) })
  const isIgnored = (task: SignatureData) => willIgnoreResult(app, { ...task, name: task.task })
  const node = freeze(begun, { newId: app.options.newId, rootId, isIgnored })
  await publish(app, begun, { ...sending, chain: left })
  return node
}

/** What follows a group waits for all of it, so it is made part of the canvas; what follows a task travels beside it. */
function joined(
  data: SignatureData,
  chain: SignatureData[],
): { data: SignatureData; chain: SignatureData[] } {
  if (chain.length === 0 || !(endsInGroup(data) || isEmpty(data) || isChunks(data))) return { data, chain }
  return { data: normalise(makeChain([data, ...chain.toReversed()])), chain: [] }
}
