import Type from 'typebox'

/** The parameter of a list of names that narrows it to what is typed. */
export function typedName(what: string, example: string) {
  return Type.String({
    maxLength: 200,
    description: `${what}: all of them, the last may be half typed. Case and accents do not count`,
    examples: [example],
  })
}
