import type { Check } from '../options/check.ts'

/** The names that this package uses within a database. */
export interface Schema {
  name: string
  /** The channel that wakes consumers, with the queue's name as payload. */
  wake: string
}

/**
 * Statements have it in them as it is, so whoever is given one checks it. Short enough that names of channels made of it
 * fit into PostgreSQL's 63 bytes.
 */
export const schemaName: Check = {
  expected:
    'a name of lower-case letters, digits and _, at most 32, that does not begin with a digit or with pg_',
  fits: (value) => typeof value === 'string' && /^(?!pg_)[a-z_][a-z0-9_]{0,31}$/.test(value),
}

export function schemaOf(name = 'celery'): Schema {
  return { name, wake: `${name}_wake` }
}
