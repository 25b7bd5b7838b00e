/** What is wrong with one row of a file: the row was left out, or a field of it was. */
export interface ImportIssue {
  /** Where the row begins, counted from 1 as an editor does. */
  line: number
  /** The column's name in the file; null when the row as a whole is meant. */
  column: string | null
  /** Stable, snake_case. */
  code: string
  /** What stands there, control characters shown, cut at 80 characters. */
  value: string | null
  /** One line for people. */
  message: string
  severity: 'warning' | 'refused'
}

const longestShown = 80

/** A value as an issue shows it: on one line, control characters as symbols, cut. */
export function shown(value: string): string {
  const start = value.slice(0, longestShown * 2).replace(/\p{Cc}/gu, symbolOf)
  return (start.length > longestShown ? `${start.slice(0, longestShown - 1)}…` : start).toWellFormed()
}

/**
 * Unicode has a picture of each of the old control characters (U+2400 on); the newer ones are shown by
 * number.
 */
function symbolOf(character: string): string {
  const code = character.charCodeAt(0)
  if (code < 32) return String.fromCharCode(0x2400 + code)
  return code === 127 ? '\u2421' : `\\u${code.toString(16).padStart(4, '0')}`
}
