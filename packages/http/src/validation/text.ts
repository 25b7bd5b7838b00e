import type { FieldProblem } from '../problems/problem.ts'

// Unicode's Cc and its spaces, character by character: what `\s` and `\p{Cc}` are depends on the dialect of regular
// expressions, and clients read the patterns too.
const controls = '\\u0000-\\u001f\\u007f-\\u009f'
const controlsButBreaks = '\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f'
const spaces = ' \\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'

// No character fits two parts of a pattern that stand beside each other, so that they take linear time.
/** Text of one line that is not white space alone, and without control characters. */
export const linePattern = `^[${spaces}]*[^${spaces}${controls}][^${controls}]*$`
const linesOfText = new RegExp(linePattern, 'u')

/** Whether a text is one that `line` lets through. @param maxLength in characters */
export function isLine(text: string, maxLength: number): boolean {
  return linesOfText.test(text) && [...text].length <= maxLength
}

/** The same of several lines: tabs and line breaks are no more than space. */
export const paragraphsPattern = `^[${spaces}\\t\\n\\r]*[^${spaces}${controls}][^${controlsButBreaks}]*$`

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
