import type { SignatureData } from '../protocol/message.ts'
import { groupNode, oldest, type ResultNode, taskNode } from '../results/tree.ts'
import { bodyOf, headerOf, isChain, isChord, isGroup, tasksOf } from './data.ts'

export interface FreezeContext {
  newId(): string
  /** Of the result. */
  id?: string | undefined
  rootId?: string | undefined
  /** The group, and the chord's body, that the result is for. */
  groupId?: string | undefined
  groupIndex?: number | undefined
  chord?: SignatureData | undefined
  /** Whether the task's result will not be kept, for handles. */
  isIgnored?: ((task: SignatureData) => boolean) | undefined
}

/**
 * Gives every task of a canvas in its simplest form an id, in place, so that it can be sent piece by piece and again
 * after a crash; ids it has are kept.
 * @returns where its result will be found
 */
export function freeze(data: SignatureData, context: FreezeContext): ResultNode {
  if (isChain(data)) return freezeChain(data, context)
  if (isGroup(data)) return freezeGroup(data, context)
  if (isChord(data)) return freezeChord(data, context)
  const { options } = data
  const { groupId, groupIndex, chord, rootId } = context
  options.task_id ??= context.id ?? context.newId()
  if (rootId !== undefined) options.root_id = rootId
  // A part is handed in where its chord counts; what follows a body of Python's that is a group finds its members in the
  // group of that chord's header.
  if (groupId !== undefined) options.group_id = (chord ? undefined : options.group_id) ?? groupId
  if (groupIndex !== undefined) options.group_index = groupIndex
  if (chord !== undefined) options.chord = chord
  return taskNode(options.task_id, context.isIgnored?.(data))
}

function freezeChain(data: SignatureData, context: FreezeContext): ResultNode {
  const { newId, rootId, isIgnored } = context
  const steps = tasksOf(data)
  const nodes = steps.map((step, index) =>
    freeze(step, index === steps.length - 1 ? context : { newId, rootId, isIgnored }),
  )
  for (const [index, node] of nodes.entries()) {
    const before = nodes[index - 1]
    if (before) oldest(node).parent = before
  }
  const last = nodes.at(-1)
  if (!last) return groupNode(context.newId(), [])
  data.options.task_id = last.id
  return last
}

function freezeGroup(data: SignatureData, context: FreezeContext): ResultNode {
  const { newId, id, rootId, groupId, chord, isIgnored } = context
  data.options.task_id ??= id ?? newId()
  if (rootId !== undefined) data.options.root_id = rootId
  const members = tasksOf(data).map((task, groupIndex) =>
    freeze(task, { newId, rootId, groupIndex, groupId, chord, isIgnored }),
  )
  return groupNode(data.options.task_id, members)
}

/**
 * The header's tasks learn of their group and of the body when they are sent: until then the chord carries the body
 * once, and Python, which may give the header another id, finds them free.
 */
function freezeChord(data: SignatureData, context: FreezeContext): ResultNode {
  const { newId, rootId, isIgnored } = context
  data.options.task_id ??= newId()
  if (rootId !== undefined) data.options.root_id = rootId
  const groupId = data.options.task_id
  const members = headerOf(data).map((task, groupIndex) =>
    freeze(task, { newId, rootId, groupIndex, isIgnored }),
  )
  const header = groupNode(groupId, members)
  const body = bodyOf(data)
  if (!body) return header
  const node = freeze(body, context)
  oldest(node).parent = header
  return node
}
