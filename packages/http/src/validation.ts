import type { AnySchema, ValidateFunction } from 'ajv'
import type { FastifyRequest, FastifySchema } from 'fastify'
import { coerce, type Readings, readingsOf } from './coercion.ts'
import { fieldProblems } from './field-problems.ts'
import { createValidator } from './formats.ts'
import { httpProblem } from './http-problems.ts'
import type { FieldProblem } from './problems.ts'
import { textProblem } from './text.ts'

/** How many wrong fields an answer lists. */
export const maxFieldProblems = 20

/** Finds what is wrong with a request, and gives its parameters the types of the schema. */
export type RequestCheck = (request: FastifyRequest) => FieldProblem[]

interface ObjectSchema {
  readonly type: 'object'
  readonly properties?: Readonly<Record<string, object>>
}

const strict = createValidator(false)
const withDefaults = createValidator(true)

const noParameters: ObjectSchema = { type: 'object', properties: {} }

/**
 * Compiles the schemas of a route once.
 * @param isMergePatch whether the body is a merge patch, in which an absent member means "leave it"
 * @throws Error when a schema cannot be compiled, or the query's is not a plain object
 */
export function compileCheck(schema: FastifySchema, isMergePatch: boolean): RequestCheck {
  const { params, querystring = noParameters, headers, body } = schema
  const checkParams = params === undefined ? undefined : compileParameters(objectSchema(params, 'params'))
  const checkQuery = compileParameters({
    ...objectSchema(querystring, 'querystring'),
    ...{ additionalProperties: false },
  })
  const checkHeaders = headers === undefined ? undefined : compileParameters(objectSchema(headers, 'headers'))
  const validateBody =
    body === undefined ? undefined : (isMergePatch ? strict : withDefaults).compile(body as AnySchema)
  return (request) => [
    ...(checkParams?.(request.params) ?? []),
    ...checkQuery(request.query),
    ...(checkHeaders?.(request.headers) ?? []),
    ...(validateBody ? checkBody(validateBody, request.body) : []),
  ]
}

/** @throws Problem `validation_failed` with the first wrong fields, when there are any. */
export function refuseWrongFields(wrong: readonly FieldProblem[]): void {
  const unique = [...new Map(wrong.map((one) => [`${one.path} ${one.code}`, one])).values()]
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

function compileParameters(schema: ObjectSchema): (values: unknown) => FieldProblem[] {
  const validate = withDefaults.compile(schema)
  const readings: Readings = readingsOf(schema)
  return (given) => {
    const values = given as Record<string, unknown>
    const problems = [...coerce(values, readings), ...textProblems(values, readings)]
    if (validate(values)) return problems
    return [...problems, ...fieldProblems(validate.errors ?? [], maxFieldProblems).map(named)]
  }
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
  const name = path.split('/')[1] ?? ''
  return { path: name.replaceAll('~1', '/').replaceAll('~0', '~'), code, message }
}

function checkBody(validate: ValidateFunction, body: unknown): FieldProblem[] {
  return validate(body ?? null) ? [] : fieldProblems(validate.errors ?? [], maxFieldProblems)
}
