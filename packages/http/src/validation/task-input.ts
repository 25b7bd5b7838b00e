import type { Static, TSchema } from 'typebox'
import { createCheck } from './check.ts'

/**
 * A schema as tasks take it (https://standardschema.dev): checked by the same rules as a request's body.
 * @throws Error when the schema cannot be compiled
 */
export function taskInput<T extends TSchema>(schema: T) {
  const check = createCheck(schema)
  return {
    '~standard': {
      version: 1,
      vendor: 'typebox',
      validate(value: unknown) {
        const wrong = check(value)
        if (wrong.length === 0) return { value: value as Static<T> }
        return { issues: wrong.map(({ path, message }) => ({ message: `${path} ${message}` })) }
      },
    },
  } as const
}
