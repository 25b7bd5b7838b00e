import { CeleryError } from '../errors.ts'

/** The names that this package uses within a database. */
export interface Schema {
  name: string
  /** The channel that wakes consumers, with the queue's name as payload. */
  wake: string
}

/** Short enough that names of channels made of it fit into PostgreSQL's 63 bytes. */
const pattern = /^[a-z_][a-z0-9_]{0,31}$/

export function schemaOf(name = 'celery'): Schema {
  if (!pattern.test(name) || name.startsWith('pg_')) {
    const rule = 'lower-case letters, digits and _, at most 32, not beginning with a digit or pg_'
    throw new CeleryError('BAD_OPTION', `The schema is a name of ${rule}, not ${JSON.stringify(name)}`)
  }
  return { name, wake: `${name}_wake` }
}
