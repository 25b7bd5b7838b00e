import type { AppCore } from '../app/app-core.ts'
import type { CallOptions } from '../app/build-message.ts'
import { currentTask } from '../app/current-task.ts'
import { type SendContext, type SentTask, sendTask } from '../app/send-task.ts'
import { forEachBounded } from '../async/for-each-bounded.ts'
import { CeleryError } from '../errors.ts'
import type { SignatureData } from '../protocol/message.ts'
import { groupTuple } from '../protocol/result-tuple.ts'
import { nodeTuple, type ResultNode } from '../results/tree.ts'
import { chordSize } from './chord-size.ts'
import { bodyOf, headerOf, isChain, isChord, isGroup, listOf, tasksOf } from './data.ts'
import { freeze } from './freeze.ts'
import { bind } from './parts.ts'

export interface PublishContext extends SendContext {
  /** What follows it, reversed as in a message: the next step is the last. */
  chain?: SignatureData[]
}

/** Messages that do not depend on each other, such as those of one group, that are on their way at a time. */
export const sentAtOnce = 100

/** A transaction's connection takes one. */
function atOnce({ transaction }: PublishContext): number {
  return transaction ? 1 : sentAtOnce
}

/** Sends what of a frozen canvas starts at once; the rest travels with it. */
export async function publish(
  app: AppCore,
  data: SignatureData,
  context: PublishContext = {},
): Promise<void> {
  if (isChain(data)) await publishChain(app, data, context)
  else if (isGroup(data)) await publishGroup(app, data, context)
  else if (isChord(data)) await publishChord(app, data, context)
  else await publishOne(app, data, context)
}

export async function publishOne(
  app: AppCore,
  data: SignatureData,
  context: PublishContext,
): Promise<SentTask> {
  const { task: name, args, kwargs } = data
  const { chain, ...sending } = context
  const options: CallOptions = { ...data.options }
  if (chain?.length) options.chain = [...chain, ...(options.chain ?? [])]
  return await sendTask(app, { name, args, kwargs, options }, sending)
}

async function publishChain(app: AppCore, data: SignatureData, context: PublishContext): Promise<void> {
  const [first, ...rest] = tasksOf(data)
  if (first)
    await publish(app, first, { ...context, chain: [...(context.chain ?? []), ...rest.toReversed()] })
}

async function publishGroup(app: AppCore, data: SignatureData, context: PublishContext): Promise<void> {
  const { newId } = app.options
  data.options.task_id ??= newId()
  // Those that are parts of a chord have its group already.
  const node = freeze(data, { newId, groupId: data.options.task_id })
  await forEachBounded(tasksOf(data), atOnce(context), (task) =>
    publish(app, task, { ...context, isChild: false }),
  )
  addChild(context, nodeTuple(node))
}

/** A group is one child of the task that sends it, with its members. */
function addChild(context: PublishContext, tuple: unknown[]): void {
  if (context.isChild !== false) currentTask()?.children.push(tuple)
}

async function publishChord(app: AppCore, data: SignatureData, context: PublishContext): Promise<void> {
  const body = bodyOf(data)
  if (!body)
    throw new CeleryError('BAD_OPTION', 'A chord needs a body that is a task, a group or a chain with steps.')
  const results = await app.results()
  if (!results) {
    const message = 'A chord counts its parts in the result store: give createCelery the option results.'
    throw new CeleryError('NO_RESULTS', message)
  }
  const { chain = [], ...sending } = context
  const { chain: own, ...options } = body.options
  const following = [...chain, ...(listOf(own) as SignatureData[])]
  const members = headerOf(data)
  const size = members.reduce((sum, task) => sum + chordSize(task), 0)
  if (size > 0 && following.length > 0) body.options.chain = following
  data.options.task_id ??= app.options.newId()
  const groupId = data.options.task_id
  const nodes = members.map((task, groupIndex) =>
    freeze(task, { newId: app.options.newId, groupId, groupIndex, chord: body }),
  )
  const header = groupTuple(groupId, null, nodes.map(nodeTuple))
  // The body gets the results in the header's shape, which the parts alone do not have.
  if (size > 0 && nodes.some((node) => node.members)) await results.storeGroup(groupId, header)
  if (size > 0) await results.setChordSize(groupId, size)
  await forEachBounded(members, atOnce(context), (task) => publish(app, task, { ...sending, isChild: false }))
  if (members.length > 0) addChild(context, header)
  if (size > 0) return
  // Nobody will hand in a part: it is done at once.
  const values = nodes.map(valueOfNothing)
  await publish(app, bind({ ...body, options }, [values]), { ...sending, chain: following })
}

/** What groups of nothing give, each a list, in their shape. */
function valueOfNothing(node: ResultNode): unknown[] {
  return (node.members ?? []).map(valueOfNothing)
}
