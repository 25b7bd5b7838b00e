import { isRecord } from './shape.ts'

/** Beside the two fields of a typed value it says that they are just fields. */
const mark = '__plain__'

/** Lists and objects within one another that are looked through: more than JSON is written of. */
const maxDepth = 1_000

/**
 * For JSON that `unmarked` is to see again: a header of AMQP may be an object with just the fields `__type__` and
 * `__value__`, which in JSON would mean a typed value. Such objects are marked, in a copy.
 */
export function marked(value: unknown, depth = 0): unknown {
  return mapObjects(value, depth, marked, (fields) =>
    isLookalike(fields, 2) ? { ...fields, [mark]: true } : fields,
  )
}

/** What was given to `marked`. */
export function unmarked(value: unknown, depth = 0): unknown {
  return mapObjects(value, depth, unmarked, (fields) => {
    if (!isLookalike(fields, 3) || fields[mark] !== true) return fields
    const { [mark]: _, ...plain } = fields
    return plain
  })
}

function isLookalike(fields: Record<string, unknown>, count: number): boolean {
  return (
    Object.hasOwn(fields, '__type__') &&
    Object.hasOwn(fields, '__value__') &&
    Object.keys(fields).length === count
  )
}

/** Does `within` to all that a list or object holds, and then `change` to the object itself. */
function mapObjects(
  value: unknown,
  depth: number,
  within: (value: unknown, depth: number) => unknown,
  change: (fields: Record<string, unknown>) => Record<string, unknown>,
): unknown {
  if (depth > maxDepth) return value
  if (Array.isArray(value)) return value.map((item) => within(item, depth + 1))
  if (!isRecord(value) || Object.getPrototypeOf(value) !== Object.prototype) return value
  const fields = Object.entries(value).map(([key, item]) => [key, within(item, depth + 1)])
  return change(Object.fromEntries(fields))
}
