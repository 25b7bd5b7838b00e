import type { Ajv, AnySchema } from 'ajv'
import type { FastifyRequest, FastifySchema } from 'fastify'
import type { TSchema } from 'typebox'
import { httpProblem } from '../problems/http-problems.ts'
import type { FieldProblem } from '../problems/problem.ts'
import { coerce, type ObjectSchema, type Readings, readingsOf } from './coercion.ts'
import { fieldProblems } from './field-problems.ts'
import { createValidator } from './formats.ts'
import { fromPointer } from './json-pointer.ts'
import { textProblem } from './text.ts'

/** How many wrong fields an answer lists. */
export const maxFieldProblems = 20

/** How much of a field's path it repeats: a member's name may be as long as a body. */
const maxPath = 200

/** Finds what is wrong with a request, and gives its parameters the types of the schema. */
export type RequestCheck = (request: FastifyRequest) => FieldProblem[]

const strict = createValidator(false)
const withDefaults = createValidator(true)

const noParameters: ObjectSchema = { type: 'object', properties: {} }
const noBody = { type: ['object', 'null'], properties: {}, additionalProperties: false }

export interface CheckOptions {
  /** Whether the body is a merge patch, in which an absent member means "leave it" and no default. */
  readonly isMergePatch: boolean
  /** Whether a route that names no query parameters refuses all. */
  readonly refuseUnknownQuery: boolean
  /** Whether a route that names no body refuses one, unless it is empty. */
  readonly refuseUnknownBody: boolean
}

/**
 * Compiles the schemas of a route once.
 * @throws Error when a schema cannot be compiled, or that of parameters is not a plain object
 */
export function compileCheck(schema: FastifySchema, options: CheckOptions): RequestCheck {
  const query = schema.querystring ?? (options.refuseUnknownQuery ? noParameters : undefined)
  const body = schema.body ?? (options.refuseUnknownBody ? noBody : undefined)
  const checkParams = compileParameters(schema.params, 'params')
  const checkQuery = compileParameters(query, 'querystring')
  const checkHeaders = compileParameters(schema.headers, 'headers')
  const checkBody = compileBody(body, options.isMergePatch)
  return (request) => [
    ...checkParams(request.params),
    ...checkQuery(request.query),
    ...checkHeaders(request.headers),
    ...checkBody(request.body),
  ]
}

/** @throws Problem `validation_failed` with the first wrong fields, when there are any. */
export function refuseWrongFields(wrong: readonly FieldProblem[]): void {
  const short = wrong.map((one) => ({ ...one, path: one.path.slice(0, maxPath) }))
  const unique = [...new Map(short.map((one) => [`${one.path} ${one.code}`, one])).values()]
  const [first] = unique
  if (!first) return
  const where = first.path === '' ? 'the body' : first.path
  const more = unique.length === 1 ? '' : `, and ${unique.length - 1} more`
  throw httpProblem('validation_failed', `${where} ${first.message}${more}`, {
    errors: unique.slice(0, maxFieldProblems),
  })
}

function objectSchema(schema: unknown, part: string): ObjectSchema {
  if (typeof schema === 'object' && schema !== null && 'type' in schema && schema.type === 'object') {
    return schema as ObjectSchema
  }
  throw new Error(`the ${part} schema must be a Type.Object: spread the properties of others into it`)
}

type Check = (values: unknown) => FieldProblem[]

const nothing: Check = () => []

function compileParameters(schema: unknown, part: 'params' | 'querystring' | 'headers'): Check {
  if (schema === undefined) return nothing
  const object = objectSchema(schema, part)
  const validate = withDefaults.compile(
    part === 'querystring' ? { ...object, additionalProperties: false } : object,
  )
  const readings = readingsOf(object)
  return (given) => {
    const values = given as Record<string, unknown>
    const problems = [...coerce(values, readings), ...textProblems(values, readings)]
    if (validate(values)) return problems
    return [...problems, ...fieldProblems(validate.errors ?? [], maxFieldProblems).map(named)]
  }
}

function compileBody(schema: unknown, isMergePatch: boolean): Check {
  if (schema === undefined) return nothing
  const check = compile(isMergePatch ? strict : withDefaults, schema as AnySchema)
  // Fastify leaves an absent body undefined; a schema can only allow null.
  return (body) => check(body ?? null)
}

function compile(validator: Ajv, schema: AnySchema): Check {
  const validate = validator.compile(schema)
  return (value) => (validate(value) ? [] : fieldProblems(validate.errors ?? [], maxFieldProblems))
}

/**
 * A check of values that did not come as a request, by the rules and in the words that bodies are refused with.
 * @throws Error when the schema cannot be compiled
 */
export function createCheck(schema: TSchema): (value: unknown) => FieldProblem[] {
  return compile(strict, schema)
}

/** The parameters that are read here; those of headers that nobody asked for do not matter. */
function textProblems(values: Record<string, unknown>, readings: Readings): FieldProblem[] {
  return [...readings.keys()].flatMap((name) =>
    [values[name] ?? []].flat().flatMap((value) => {
      const problem = typeof value === 'string' ? textProblem(value) : undefined
      return problem ? [{ path: name, ...problem }] : []
    }),
  )
}

/** A parameter is known by its name, not by a pointer. */
function named({ path, code, message }: FieldProblem): FieldProblem {
  return { path: fromPointer(path)[0] ?? '', code, message }
}
