import { isOneEditAway } from '@colophon/runtime'
import type { ErrorObject } from 'ajv'
import type { FieldProblem } from '../problems/problem.ts'
import { type Expected, expectation } from './expectation.ts'
import { toPointer } from './json-pointer.ts'
import { linePattern, paragraphsPattern } from './text.ts'

// Enough to fill the answer, and few enough to compare with each other.
const maxErrors = 200

/** What a validator's errors mean for whoever sent the value: where, which code, and what was expected. */
export function fieldProblems(errors: readonly ErrorObject[], max: number): FieldProblem[] {
  return withoutBranches(errors.slice(0, maxErrors))
    .slice(0, max)
    .map((error) => ({ path: pathOf(error), code: codeOf(error), message: messageOf(error) }))
}

/**
 * A union's branches each report why they do not match. Kept are those of the one branch that counts (of "X or
 * null", X), or else the union itself.
 */
function withoutBranches(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const unions = errors.filter(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf')
  if (unions.length === 0) return errors
  return errors.filter((error) => {
    const within = unions.find((union) => isWithin(error, union))
    if (within) return error.schemaPath.startsWith(`${within.schemaPath}/${branchThatCounts(within)}/`)
    return !unions.includes(error) || branchThatCounts(error) === undefined
  })
}

function isWithin(error: ErrorObject, union: ErrorObject): boolean {
  const same = error.instancePath === union.instancePath
  const deeper = error.instancePath.startsWith(`${union.instancePath}/`)
  return (same || deeper) && error.schemaPath.startsWith(`${union.schemaPath}/`)
}

function branchThatCounts(union: ErrorObject): number | undefined {
  const branches = union.schema as readonly Expected[]
  const others = branches.filter(({ type }) => type !== 'null')
  const [only] = others
  if (others.length !== 1 || only?.type !== 'object' || typeof union.data !== 'object') return undefined
  return branches.indexOf(only)
}

function pathOf({ instancePath, keyword, params }: ErrorObject): string {
  const name: unknown = keyword === 'required' ? params.missingProperty : params.additionalProperty
  return typeof name === 'string' ? instancePath + toPointer([name]) : instancePath
}

const codes: Readonly<Record<string, string>> = {
  required: 'required',
  additionalProperties: 'unknown_field',
  type: 'wrong_type',
  format: 'wrong_format',
  pattern: 'wrong_format',
  minLength: 'too_short',
  maxLength: 'too_long',
  minimum: 'too_small',
  exclusiveMinimum: 'too_small',
  maximum: 'too_large',
  exclusiveMaximum: 'too_large',
  minItems: 'too_few',
  minProperties: 'too_few',
  maxItems: 'too_many',
  maxProperties: 'too_many',
  uniqueItems: 'duplicate',
}

function codeOf(error: ErrorObject): string {
  const { keyword, data } = error
  // An empty or blank text where some is needed is what forms send for a field nobody filled in.
  if ((keyword === 'minLength' && data === '') || isBlank(error)) return 'required'
  return codes[keyword] ?? 'invalid_value'
}

function isBlank({ keyword, params, data }: ErrorObject): boolean {
  if (keyword !== 'pattern' || String(data).trim() !== '') return false
  return params.pattern === linePattern || params.pattern === paragraphsPattern
}

function messageOf(error: ErrorObject): string {
  const { keyword, params, data, parentSchema, message } = error
  const schema = (parentSchema ?? {}) as Expected
  switch (keyword) {
    case 'required':
      return `is required: ${expectation(schema.properties?.[params.missingProperty] ?? {})}`
    case 'additionalProperties':
      return unknownField(params.additionalProperty, Object.keys(schema.properties ?? {}))
    case 'minLength':
      return `must have at least ${count(params.limit, 'character')}`
    case 'maxLength':
      return `must have at most ${count(params.limit, 'character')}, not ${[...String(data)].length}`
    case 'minItems':
      return `must have at least ${count(params.limit, 'item')}`
    case 'maxItems':
      return `must have at most ${count(params.limit, 'item')}`
    case 'minProperties':
      return `must have at least ${count(params.limit, 'field')}`
    case 'uniqueItems':
      return `must not have the same item twice (items ${params.i} and ${params.j})`
    case 'pattern':
      return isBlank(error) ? 'must not be blank' : `must be ${expectation(schema)}`
    case 'not':
      return `must not be ${expectation(schema.not ?? {})}`
    case 'type':
    case 'format':
    case 'const':
    case 'enum':
    case 'anyOf':
    case 'oneOf':
    case 'minimum':
    case 'maximum':
      return `must be ${expectation(schema)}`
    default:
      return message ?? 'is not valid'
  }
}

const maxNames = 20

function unknownField(name: string, known: readonly string[]): string {
  const meant = known.find((candidate) => isOneEditAway(name, candidate))
  if (meant) return `is not known here: did you mean ${meant}?`
  const listed = known.slice(0, maxNames).join(', ')
  return known.length === 0 ? 'is not known here' : `is not known here: known are ${listed}`
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
