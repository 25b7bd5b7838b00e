import { createContext, Script } from 'node:vm'

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
  if (matcher === 'glob') return matchesGlob(name, parseGlob(pattern))
  if (matcher === 'pcre') return matchesRegex(name, pattern)
  return false
}

type GlobPart = '*' | ((character: string) => boolean)

function parseGlob(pattern: string): GlobPart[] {
  const parts: GlobPart[] = []
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern.charAt(i)
    const end = character === '[' ? endOfSet(pattern, i) : -1
    if (character === '*') parts.push('*')
    else if (character === '?') parts.push(() => true)
    else if (end === -1) parts.push((other) => other === character)
    else {
      parts.push(parseSet(pattern.slice(i + 1, end)))
      i = end
    }
  }
  return parts
}

/** Where the `]` is; one that comes first belongs to the set. */
function endOfSet(pattern: string, start: number): number {
  const first = pattern.charAt(start + 1) === '!' ? start + 2 : start + 1
  return pattern.indexOf(']', first + 1)
}

function parseSet(set: string): (character: string) => boolean {
  const isNegated = set.startsWith('!')
  const ranges: [low: string, high: string][] = []
  for (let i = isNegated ? 1 : 0; i < set.length; i++) {
    const low = set.charAt(i)
    if (set.charAt(i + 1) === '-' && i + 2 < set.length) {
      ranges.push([low, set.charAt(i + 2)])
      i += 2
    } else ranges.push([low, low])
  }
  return (character) => ranges.some(([low, high]) => low <= character && character <= high) !== isNegated
}

/** When something does not fit, the last star takes one character more: never more than name times pattern steps. */
function matchesGlob(name: string, parts: readonly GlobPart[]): boolean {
  let at = 0
  let part = 0
  let star = -1
  let starAt = 0
  while (at < name.length) {
    const current = parts[part]
    if (current === '*') {
      star = part++
      starAt = at
    } else if (current?.(name.charAt(at))) {
      at++
      part++
    } else if (star !== -1) {
      part = star + 1
      at = ++starAt
    } else return false
  }
  return parts.slice(part).every((rest) => rest === '*')
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
