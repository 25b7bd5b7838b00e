import { isRecord, undecodable } from './shape.ts'

/** A result tuple, read. */
export interface ResultNode {
  id: string
  /** What it followed in a chain. */
  parent: ResultNode | null
  /** Of a group; null for a single task. */
  members: ResultNode[] | null
  /** Of a task that was sent here: its result will not be kept. Tuples say nothing of it. */
  isIgnored?: boolean
}

/** A task's result as it travels: Python's `AsyncResult.as_tuple()`. The parent is a tuple of either kind. */
export function resultTuple(id: string, parent: unknown[] | null = null): unknown[] {
  return [[id, parent], null]
}

/** A group's result as it travels: Python's `GroupResult.as_tuple()`. */
export function groupTuple(id: string, parent: unknown[] | null, children: unknown[]): unknown[] {
  return [[id, parent], children]
}

/**
 * Reads a tuple of either kind. Python takes a bare id in place of `[id, parent]` too. Throws a `ProtocolError` when
 * it is none.
 */
export function readResultTuple(value: unknown): ResultNode {
  return readNode(value, 0)
}

/** Tuples that were JSON are no deeper than `decodeJson` allows; this holds for others. */
const maxDepth = 1_000

function readNode(value: unknown, depth: number): ResultNode {
  if (!Array.isArray(value) || value.length !== 2 || depth > maxDepth) throw notATuple()
  const [node, children] = value
  const [id, parent] = Array.isArray(node) ? node : [node, null]
  if (typeof id !== 'string') throw notATuple()
  if (children !== null && !Array.isArray(children)) throw notATuple()
  return {
    id,
    parent: isEmpty(parent) ? null : readNode(parent, depth + 1),
    members: children === null ? null : children.map((child: unknown) => readNode(child, depth + 1)),
  }
}

/** What Python takes for no parent: all that is false to it. */
function isEmpty(parent: unknown): boolean {
  if (Array.isArray(parent)) return parent.length === 0
  return isRecord(parent) ? Object.keys(parent).length === 0 : !parent
}

function notATuple() {
  return undecodable('A result is not a tuple like [[id, parent], null]')
}
