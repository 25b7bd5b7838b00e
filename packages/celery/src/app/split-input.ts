import { bad, shown } from '../options/check.ts'
import { record } from '../options/kinds.ts'

/**
 * An array is positional arguments, an object those by name; members that are undefined are left out.
 * @throws CeleryError `BAD_OPTION` for what is neither
 */
export function splitInput(
  input: unknown,
  task: string,
): { args: unknown[]; kwargs: Record<string, unknown> } {
  if (Array.isArray(input)) return { args: [...input], kwargs: {} }
  if (!record.fits(input)) {
    const expected = 'an object of arguments by name, like { x: 1 }, or an array of positional ones, like [1]'
    throw bad('input', `must be ${expected}, not ${shown(input)}`, task)
  }
  const given = Object.entries(input as object).filter(([, value]) => value !== undefined)
  return { args: [], kwargs: Object.fromEntries(given) }
}
