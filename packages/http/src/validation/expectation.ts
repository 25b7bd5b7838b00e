import { linePattern, paragraphsPattern } from './text.ts'

/** The parts of a JSON Schema that say what a value must be. */
export interface Expected {
  readonly type?: string | readonly string[]
  readonly format?: string
  readonly pattern?: string
  readonly const?: unknown
  readonly not?: Expected
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Expected[]
  readonly oneOf?: readonly Expected[]
  readonly minimum?: number
  readonly maximum?: number
  readonly examples?: readonly unknown[]
  readonly properties?: Readonly<Record<string, Expected>>
}

const formats: Readonly<Record<string, string>> = {
  uuid: 'a UUID',
  date: 'a day such as 2026-01-31',
  'date-time': 'a time such as 2026-01-31T12:00:00Z',
  email: 'an e-mail address',
  uri: 'an absolute URL',
}

/** What stands after "text" or "an absolute URL". A schema with another pattern gives an example, and that is told instead. */
const patterns: Readonly<Record<string, string>> = {
  [linePattern]: 'of one line that is not blank and has no control characters',
  [paragraphsPattern]: 'that is not blank and has no control characters but tabs and line breaks',
  '^[A-Z]{2}$': 'of two capital letters',
  '^[A-Z]{3}$': 'of three capital letters',
  '^[a-z]{3}$': 'of three small letters',
  '^[^\\u0000]*$': 'without NUL characters',
  '^([01]|2[01]|2200)': 'and before 2201',
  '^https?://[^/?#:@]': 'that begins with http:// or https:// and a host',
}

const types: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
}

/** A schema in words, to stand after "must be": "a whole number from 1 to 100". */
export function expectation(schema: Expected): string {
  if ('const' in schema) return JSON.stringify(schema.const)
  if (schema.enum) {
    const { length } = schema.enum
    if (length > maxChoices && schema.examples) return `one of ${length} values${example(schema)}`
    return oneOf(schema.enum.map((value) => JSON.stringify(value)))
  }
  const branches = schema.anyOf ?? schema.oneOf
  if (branches) return oneOf(branches.map(expectation))
  const named = [schema.type ?? []].flat()
  const kinds = named.filter((type) => type !== 'null')
  const value = `${kind(kinds, schema.format)}${range(schema)}${example(schema)}`
  if (kinds.length === named.length) return value
  return kinds.length === 0 ? 'null' : `${value} or null`
}

function kind(known: readonly string[], format: string | undefined): string {
  const others = format === undefined ? known : known.filter((name) => name !== 'string')
  const words = others.map((name) => types[name] ?? name)
  return oneOf(format === undefined ? words : [formats[format] ?? `text of the format ${format}`, ...words])
}

function range({ minimum, maximum }: Expected): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`
  if (minimum !== undefined) return ` of at least ${minimum}`
  return maximum === undefined ? '' : ` of at most ${maximum}`
}

function example({ pattern, examples }: Expected): string {
  if (examples?.[0] !== undefined) return ` such as ${JSON.stringify(examples[0])}`
  return pattern === undefined ? '' : ` ${patterns[pattern] ?? `that matches ${pattern}`}`
}

const maxChoices = 20

function oneOf(choices: readonly string[]): string {
  if (choices.length === 0) return 'a value'
  if (choices.length <= 2) return choices.join(' or ')
  const rest = choices.length > maxChoices ? ', ...' : ''
  return `one of ${choices.slice(0, maxChoices).join(', ')}${rest}`
}
