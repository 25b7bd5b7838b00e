export type Json = Record<string, unknown>

/** Keywords of JSON Schema whose value is one schema, a list of schemas, or schemas by name. */
const one = ['items', 'additionalProperties', 'not', 'contains', 'propertyNames', 'if', 'then', 'else']
const many = ['anyOf', 'oneOf', 'allOf', 'prefixItems']
const named = ['properties', 'patternProperties', 'dependentSchemas']

/** Places in a document under which a schema may stand, besides within other schemas. */
const holders = ['paths', 'components']

/**
 * Replaces every schema that has a title by a reference, in place.
 * @returns the titled schemas by their titles: `components.schemas`
 * @throws Error when two schemas share a title and say different things
 */
export function hoistTitled(document: Json): Json {
  const components = new Map<string, Json>()
  for (const holder of holders) hoistWithin(document[holder], components)
  return Object.fromEntries([...components].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Looks for `schema` members outside of schemas: in parameters, bodies, answers and headers. */
function hoistWithin(value: unknown, components: Map<string, Json>): void {
  if (!isJson(value) && !Array.isArray(value)) return
  for (const [key, member] of Object.entries(value)) {
    if (key === 'schema' && isJson(member)) Object.assign(value, { schema: hoist(member, components) })
    else if (key !== 'example' && key !== 'examples' && key !== 'schemas') hoistWithin(member, components)
  }
}

function hoist(schema: unknown, components: Map<string, Json>): unknown {
  if (!isJson(schema)) return schema
  const inner: Json = { ...schema }
  for (const key of one) if (key in inner) inner[key] = hoist(inner[key], components)
  for (const key of many) {
    const list = inner[key]
    if (Array.isArray(list)) inner[key] = list.map((item) => hoist(item, components))
  }
  for (const key of named) {
    const map = inner[key]
    if (isJson(map)) inner[key] = mapValues(map, (item) => hoist(item, components))
  }
  return typeof inner.title === 'string' ? register(inner.title, inner, components) : inner
}

function register(title: string, schema: Json, components: Map<string, Json>): Json {
  const name = title.replace(/[^A-Za-z0-9._-]/g, '')
  const known = components.get(name)
  if (known && meaning(known) !== meaning(schema)) {
    throw new Error(`two different schemas have the title "${title}": give one of them another title`)
  }
  // Where it is used for a parameter or a whole body, its examples and description were moved beside it.
  if (!known || Object.keys(schema).length > Object.keys(known).length) components.set(name, schema)
  return { $ref: `#/components/schemas/${name}` }
}

function meaning({
  examples: _examples,
  example: _example,
  description: _description,
  ...rest
}: Json): string {
  return JSON.stringify(rest)
}

function mapValues(map: Json, change: (value: unknown) => unknown): Json {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]))
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
