import type { Json } from './components.ts'

/**
 * A body's schema as clients need to know it: a member that has a default is always there for the handler, and need not
 * be sent. What validates is left as it is.
 */
export function withoutDefaulted(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutDefaulted)
  if (typeof schema !== 'object' || schema === null) return schema
  const copy: Json = Object.fromEntries(
    Object.entries(schema).map(([name, value]) => [name, values.has(name) ? value : withoutDefaulted(value)]),
  )
  const { properties, required } = copy
  if (!Array.isArray(required) || typeof properties !== 'object' || properties === null) return copy
  const needed = required.filter((name) => !hasDefault((properties as Json)[String(name)]))
  if (needed.length > 0) return { ...copy, required: needed }
  const { required: _, ...rest } = copy
  return rest
}

/** Members of a schema that hold values and no schemas. */
const values: ReadonlySet<string> = new Set(['default', 'examples', 'enum', 'const'])

function hasDefault(schema: unknown): boolean {
  return typeof schema === 'object' && schema !== null && 'default' in schema
}
