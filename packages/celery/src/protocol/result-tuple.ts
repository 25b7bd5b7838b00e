import { isRecord, undecodable } from './shape.ts'

/** A task's result as it travels: Python's `AsyncResult.as_tuple()`. */
export type ResultTuple = [node: [id: string, parent: AnyTuple | null], children: null]

/** A group's result as it travels: Python's `GroupResult.as_tuple()`. */
export type GroupTuple = [node: [id: string, parent: AnyTuple | null], children: AnyTuple[]]

export type AnyTuple = ResultTuple | GroupTuple

/** A result tuple, read. */
export interface ResultNode {
  id: string
  parent: ResultNode | undefined
  /** Of a group; undefined for a single task. */
  children: ResultNode[] | undefined
}

export function resultTuple(id: string, parent: AnyTuple | null = null): ResultTuple {
  return [[id, parent], null]
}

export function groupTuple(id: string, parent: AnyTuple | null, children: AnyTuple[]): GroupTuple {
  return [[id, parent], children]
}

/**
 * Reads a tuple of either kind. Python takes a bare id in place of `[id, parent]` too. Throws a `ProtocolError` when
 * it is none.
 */
export function readResultTuple(value: unknown): ResultNode {
  return readNode(value, 0)
}

/** Depth is bounded by `decodeJson` already; this holds for tuples that were never JSON. */
const maxTupleDepth = 1_000

function readNode(value: unknown, depth: number): ResultNode {
  if (!Array.isArray(value) || value.length !== 2 || depth > maxTupleDepth) throw notATuple()
  const [node, children] = value
  const [id, parent] = Array.isArray(node) ? node : [node, null]
  if (typeof id !== 'string') throw notATuple()
  if (children !== null && children !== undefined && !Array.isArray(children)) throw notATuple()
  return {
    id,
    parent: isEmpty(parent) ? undefined : readNode(parent, depth + 1),
    children: (children ?? undefined)?.map((child: unknown) => readNode(child, depth + 1)),
  }
}

/** What Python's `if parent:` takes for no parent. */
function isEmpty(parent: unknown): boolean {
  return (
    !parent ||
    (Array.isArray(parent) && parent.length === 0) ||
    (isRecord(parent) && Object.keys(parent).length === 0)
  )
}

function notATuple() {
  return undecodable('A result is not a tuple like [[id, parent], null]')
}
