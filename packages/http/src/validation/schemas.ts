import Type, { type Static, type TSchema, type TUnsafe } from 'typebox'
import { linePattern, paragraphsPattern } from './text.ts'

interface TextOptions {
  maxLength: number
  description?: string
  examples?: string[]
}

/** Text of one line that is not white space alone: no control characters, and so no tab or line break. */
export function line(options: TextOptions) {
  return Type.String({ pattern: linePattern, ...options })
}

/** Text that is not white space alone, and no control characters but tabs and line breaks. */
export function paragraphs(options: TextOptions) {
  return Type.String({ pattern: paragraphsPattern, ...options })
}

/** A UUID in its textual form (RFC 9562). */
export function uuid(options: { description?: string; examples?: string[] } = {}) {
  return Type.String({ format: 'uuid', ...options })
}

/** A moment in UTC (RFC 3339). */
export function timestamp(options: { description?: string } = {}) {
  return Type.String({ format: 'date-time', ...options })
}

/** A calendar day (RFC 3339 `full-date`). */
export function day(options: { description?: string } = {}) {
  return Type.String({ format: 'date', ...options })
}

/** The schema's values, or null. */
export function nullable<T extends TSchema>(schema: T): TUnsafe<Static<T> | null> {
  const { type, enum: values } = schema as TSchema & { type?: unknown; enum?: readonly unknown[] }
  const scalar = type === 'string' || type === 'number' || type === 'integer' || type === 'boolean'
  // One schema with two types: cheaper to validate and to serialize than a union, and it says the same.
  if ((scalar || values) && !('const' in schema) && !('title' in schema)) {
    const nulls = { ...(scalar && { type: [type, 'null'] }), ...(values && { enum: [...values, null] }) }
    return Type.Unsafe({ ...schema, ...nulls })
  }
  return Type.Unsafe({ anyOf: [schema, { type: 'null' }] })
}

/** How a list is paged: put its properties into the query schema of a list. */
export const pageQuery = Type.Object({
  cursor: Type.Optional(
    Type.String({ minLength: 1, maxLength: 4096, description: "The previous page's nextCursor" }),
  ),
  limit: Type.Integer({ minimum: 1, maximum: 100, default: 20, description: 'How many items at most' }),
})

/** One page of a list; more members may be added by spreading its `properties` into a schema. */
export function page<T extends TSchema>(item: T) {
  const title = (item as TSchema & { title?: string }).title
  return Type.Object(
    {
      items: Type.Array(item),
      nextCursor: nullable(Type.String({ description: 'Null on the last page' })),
      total: Type.Optional(Type.Integer({ minimum: 0, description: 'How many match in all' })),
      totalIsExact: Type.Optional(Type.Boolean({ description: 'False when the total is an estimate' })),
    },
    title === undefined ? {} : { title: `${title}Page` },
  )
}
