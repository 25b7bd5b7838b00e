import { httpProblem } from '../problems/http-problems.ts'
import type { FieldProblem } from '../problems/problem.ts'
import { toPointer } from '../validation/json-pointer.ts'
import { textProblem } from '../validation/text.ts'

export interface JsonLimits {
  /** How deep arrays and objects may be nested. */
  readonly jsonDepth: number
  /** How many values, of any kind, there may be. */
  readonly jsonNodes: number
}

export interface ParsedJson {
  readonly value: unknown
  /** Strings that cannot be stored, and members that are never allowed. */
  readonly problems: readonly FieldProblem[]
}

const decoder = new TextDecoder('utf-8', { fatal: true })

/**
 * Reads a JSON text (RFC 8259).
 * @throws Problem `body_not_utf8`, `malformed_json`, or `body_too_complex` when it goes over a limit.
 */
export function parseJson(bytes: Uint8Array, limits: JsonLimits): ParsedJson {
  const value = parseText(decodeUtf8(bytes))
  return { value, problems: inspect(value, limits) }
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw httpProblem('body_not_utf8', 'the body must be encoded as UTF-8', { cause })
  }
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw httpProblem('malformed_json', `the body must be JSON: ${why}`, { cause })
  }
}

function inspect(root: unknown, { jsonDepth, jsonNodes }: JsonLimits): FieldProblem[] {
  const problems: FieldProblem[] = []
  const path: (string | number)[] = []
  let nodes = 0

  // Recursive, and safe to be: it goes no deeper than `jsonDepth`.
  function visit(value: unknown): void {
    nodes++
    if (nodes > jsonNodes) throw tooComplex(`at most ${jsonNodes} values`)
    if (typeof value === 'string') report(textProblem(value))
    if (typeof value !== 'object' || value === null) return
    if (path.length >= jsonDepth) throw tooComplex(`at most ${jsonDepth} levels of arrays and objects`)
    for (const [key, member] of Array.isArray(value) ? value.entries() : Object.entries(value)) {
      path.push(key)
      if (typeof key === 'string') report(keyProblem(key))
      visit(member)
      path.pop()
    }
  }

  function report(problem: Omit<FieldProblem, 'path'> | undefined): void {
    if (problem) problems.push({ path: toPointer(path), ...problem })
  }

  visit(root)
  return problems
}

/** A member's name that a program could take for something else. */
function keyProblem(key: string): Omit<FieldProblem, 'path'> | undefined {
  return key === '__proto__' ? { code: 'unknown_field', message: 'is never a field' } : textProblem(key)
}

function tooComplex(allowed: string) {
  return httpProblem('body_too_complex', `the body may hold ${allowed}`)
}
