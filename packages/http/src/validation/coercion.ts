import type { FieldProblem } from '../problems/problem.ts'

type Scalar = 'text' | 'number' | 'boolean'

/** How the text of one parameter becomes a value. */
interface Reading {
  readonly list: boolean
  readonly as: Scalar
}

/** How every parameter of a query, a path or the headers is read. */
export type Readings = ReadonlyMap<string, Reading>

/** The schema of the parameters of one part of a request. */
export interface ObjectSchema {
  readonly type: 'object'
  readonly properties?: Readonly<Record<string, PropertySchema>>
}

interface PropertySchema {
  readonly type?: string | readonly string[]
  readonly items?: PropertySchema
}

const decimal = /^-?\d{1,15}(\.\d{1,15})?$/

/** Worked out once from the schema. */
export function readingsOf(schema: ObjectSchema): Readings {
  const entries = Object.entries(schema.properties ?? {})
  return new Map(entries.map(([name, property]) => [name, readingOf(property)]))
}

function readingOf(property: PropertySchema): Reading {
  const list = property.type === 'array'
  return { list, as: scalarOf((list ? property.items : property)?.type) }
}

function scalarOf(type: PropertySchema['type']): Scalar {
  const types = [type ?? []].flat()
  if (types.includes('integer') || types.includes('number')) return 'number'
  return types.includes('boolean') ? 'boolean' : 'text'
}

/**
 * Turns the text of parameters into the types of the schema, in place. What does not look like its type is left as
 * it is, for the schema to refuse.
 * @returns a problem for every parameter that is given more than once and is not a list
 */
export function coerce(values: Record<string, unknown>, readings: Readings): FieldProblem[] {
  const problems: FieldProblem[] = []
  for (const [name, value] of Object.entries(values)) {
    const reading = readings.get(name)
    if (!reading) continue
    if (Array.isArray(value) && !reading.list) {
      problems.push({ path: name, code: 'repeated', message: 'must be given once' })
      values[name] = read(value[0], reading.as)
    } else if (reading.list) {
      values[name] = (Array.isArray(value) ? value : [value]).map((item) => read(item, reading.as))
    } else {
      values[name] = read(value, reading.as)
    }
  }
  return problems
}

function read(value: unknown, as: Scalar): unknown {
  if (typeof value !== 'string' || as === 'text') return value
  if (as === 'number') return decimal.test(value) ? Number(value) : value
  return value === 'true' ? true : value === 'false' ? false : value
}
