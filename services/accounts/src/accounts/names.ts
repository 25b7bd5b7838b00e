/** Why a name cannot be an account's: a stable code, and words for the person who gave it. */
export interface NameFlaw {
  readonly code: 'blank' | 'too_long' | 'more_than_one_line'
  readonly message: string
}

/** In code points, as JSON Schema counts. */
export const longestName = 200

/**
 * Why `name` is refused, or null. What surrounds it is trimmed off; within it there are neither control characters
 * (Unicode's Cc) nor the separators of lines and paragraphs, which would forge a line of a mail or a log.
 */
export function nameFlaw(name: string): NameFlaw | null {
  const trimmed = name.trim()
  if (trimmed === '') return { code: 'blank', message: 'must not be blank' }
  if ([...trimmed].length > longestName) {
    return { code: 'too_long', message: `must have at most ${longestName} characters` }
  }
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(trimmed)) {
    return { code: 'more_than_one_line', message: 'must be one line without control characters' }
  }
  return null
}
