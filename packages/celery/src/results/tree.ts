import { groupTuple, type ResultNode, resultTuple } from '../protocol/result-tuple.ts'

export type { ResultNode }

/** Where the result of one task will be found; its `parent`, what it follows in a chain, is set later. */
export function taskNode(id: string, isIgnored = false): ResultNode {
  return { id, parent: null, members: null, isIgnored }
}

export function groupNode(id: string, members: ResultNode[]): ResultNode {
  return { id, parent: null, members }
}

/** Of a chain's steps before it, a tuple tells so many: each is a level in the JSON of whoever keeps it. */
const maxParents = 50

/** Celery's tuple of it, as it is kept among the children of a task and for a saved group. */
export function nodeTuple(node: ResultNode, parents = maxParents): unknown[] {
  const parent = node.parent && parents > 0 ? nodeTuple(node.parent, parents - 1) : null
  const members = node.members?.map((member) => nodeTuple(member, parents))
  return members ? groupTuple(node.id, parent, members) : resultTuple(node.id, parent)
}

/** Where the canvas began: the last of what it follows. */
export function oldest(node: ResultNode): ResultNode {
  let at = node
  while (at.parent) at = at.parent
  return at
}

/** The ids of every task in it, in order, without those it follows. */
export function leafIds(node: ResultNode): string[] {
  return node.members ? node.members.flatMap(leafIds) : [node.id]
}
