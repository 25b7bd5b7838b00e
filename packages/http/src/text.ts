import type { FieldProblem } from './problems.ts'

/** What is wrong with a string that PostgreSQL's `text` cannot hold: U+0000, or half of a surrogate pair. */
export function textProblem(text: string): Omit<FieldProblem, 'path'> | undefined {
  if (text.includes('\0')) {
    return { code: 'nul_character', message: 'must not contain the character U+0000' }
  }
  if (!text.isWellFormed()) {
    return { code: 'lone_surrogate', message: 'must be Unicode text without unpaired surrogates' }
  }
  return undefined
}
