import Type, { type Static, type TSchema } from 'typebox'

/** A schema with a description of its own, beside its title. */
export function described<T extends TSchema>(schema: T, description: string) {
  return Type.Unsafe<Static<T>>({ ...schema, description })
}
