import { TaskError } from '../errors.ts'

/** A chain of causes longer than this is cut. */
const maxCauses = 10

/** Characters that are kept: a traceback is stored with every failure. */
const maxLength = 65_536

/**
 * Where an error was thrown, and what caused it: stacks, one under the other. What a Python task raised has its
 * traceback from there in place of the stack of whoever read it.
 */
export function tracebackOf(error: unknown): string {
  const seen = new Set<unknown>()
  const parts: string[] = []
  let next: unknown = error
  while (next !== undefined && next !== null && !seen.has(next) && seen.size < maxCauses) {
    seen.add(next)
    parts.push(stackOf(next))
    next = next instanceof Error ? next.cause : undefined
  }
  const text = parts.join('\nCaused by: ').toWellFormed()
  return text.length > maxLength ? `${text.slice(0, maxLength).toWellFormed()}...` : text
}

function stackOf(error: unknown): string {
  if (error instanceof TaskError && error.traceback !== undefined) return error.traceback
  if (!(error instanceof Error)) return `Thrown: ${typeof error}`
  const stack: unknown = error.stack
  return typeof stack === 'string' && stack !== '' ? stack : `${error.name}: ${error.message}`
}
