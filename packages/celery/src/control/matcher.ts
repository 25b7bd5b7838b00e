import { createContext, Script } from 'node:vm'
import { fnmatch } from '../protocol/fnmatch.ts'

/** Characters of a pattern. */
const maxPattern = 1_000
/** Milliseconds that a regular expression may take: a bad one could take for ever, a good one waits on a busy machine. */
const regexTimeout = 100

/**
 * Whether a node of this name is meant. `glob` knows `*`, `?`, `[seq]` and `[!seq]`, as Python's fnmatch; `pcre` is a
 * regular expression that has to fit from the start of the name, in JavaScript's syntax. What cannot be read fits none.
 */
export function matches(name: string, pattern: string, matcher: string): boolean {
  if (pattern.length > maxPattern) return false
  if (matcher === 'glob') return fnmatch(pattern)(name)
  if (matcher === 'pcre') return matchesRegex(name, pattern)
  return false
}

const regexTest = new Script('new RegExp(pattern, "y").test(name)')

function matchesRegex(name: string, pattern: string): boolean {
  const context = createContext(Object.assign(Object.create(null), { name, pattern }))
  try {
    return regexTest.runInContext(context, { timeout: regexTimeout }) === true
  } catch {
    return false
  }
}
