import { anyNumber, fitParts, type Part } from './wildcards.ts'

/**
 * Which texts a shell's pattern fits: `*`, `?`, `[seq]` and `[!seq]`. A range that ends before it begins holds nothing.
 * @see https://docs.python.org/3/library/fnmatch.html
 */
export function fnmatch(pattern: string): (text: string) => boolean {
  const parts = parseGlob(pattern)
  return (text) => fitParts(text, parts)
}

function parseGlob(pattern: string): Part[] {
  const parts: Part[] = []
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern.charAt(i)
    const end = character === '[' ? endOfSet(pattern, i) : -1
    if (character === '*') parts.push(anyNumber)
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

function parseSet(set: string): (character: string | undefined) => boolean {
  const isNegated = set.startsWith('!')
  const ranges: [low: string, high: string][] = []
  for (let i = isNegated ? 1 : 0; i < set.length; i++) {
    const low = set.charAt(i)
    if (set.charAt(i + 1) === '-' && i + 2 < set.length) {
      ranges.push([low, set.charAt(i + 2)])
      i += 2
    } else ranges.push([low, low])
  }
  return (character = '') => ranges.some(([low, high]) => low <= character && character <= high) !== isNegated
}
