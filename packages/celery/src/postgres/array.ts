/**
 * An array as PostgreSQL reads it, of numbers, times or nothing: none of which has to be quoted. `pg` would quote and
 * look through each.
 */
export function arrayOf(values: readonly (number | string | boolean | null)[]): string {
  return `{${values.map((value) => value ?? 'NULL').join(',')}}`
}

/** The same of texts, quoted where that is called for. */
export function textArrayOf(values: readonly string[]): string {
  return `{${values.map(quoted).join(',')}}`
}

/** Nearly all are ids and names of queues, which can stand as they are. */
const plain = /^[\w-]+$/

function quoted(text: string): string {
  if (plain.test(text) && !/^null$/i.test(text)) return text
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}
