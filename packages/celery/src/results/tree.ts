import { groupTuple, type ResultNode, resultTuple } from '../protocol/result-tuple.ts'

export type { ResultNode }

/** Where the result of one task will be found; its `parent`, what it follows in a chain, is set later. */
export function taskNode(id: string): ResultNode {
  return { id, parent: null, members: null }
}

export function groupNode(id: string, members: ResultNode[]): ResultNode {
  return { id, parent: null, members }
}

/** Celery's tuple of it, as it is kept among the children of a task and for a saved group. */
export function nodeTuple(node: ResultNode): unknown[] {
  const parent = node.parent ? nodeTuple(node.parent) : null
  return node.members
    ? groupTuple(node.id, parent, node.members.map(nodeTuple))
    : resultTuple(node.id, parent)
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
