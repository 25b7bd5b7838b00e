import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestShop, type TestShop } from './support/shop.ts'

type Json = Record<string, unknown>

interface Operation extends Json {
  operationId?: string
  summary?: string
  tags?: string[]
  responses: Record<string, Json>
}

interface Document extends Json {
  tags: { name: string; description: string }[]
  paths: Record<string, Record<string, Operation>>
}

let shop: TestShop
let document: Document

beforeAll(async () => {
  shop = await startTestShop()
  document = JSON.parse(JSON.stringify(shop.gateway.openapi()))
})
afterAll(() => shop.stop())

/** Every object within a part of the document, with where it stands. */
function* objectsIn(value: unknown, path = '#'): Generator<[string, Json]> {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value)) yield [path, value as Json]
  for (const [key, member] of Object.entries(value)) yield* objectsIn(member, `${path}/${key}`)
}

function operations(): [string, Operation][] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [
      `${method} ${path}`,
      operation,
    ]),
  )
}

/** What a reference stands for, or the object itself when it is none. */
function resolve(node: Json): Json {
  if (typeof node.$ref !== 'string') return node
  const target = node.$ref
    .slice('#/'.length)
    .split('/')
    .reduce<unknown>((parent, key) => (parent as Json)[key], document)
  expect(target, node.$ref).toBeTypeOf('object')
  return resolve(target as Json)
}

describe('the OpenAPI document of the whole shop', () => {
  it('is OpenAPI 3.1 by its official schema', async () => {
    expect(await new Validator().validate(structuredClone(document))).toMatchObject({ valid: true })
  })

  it('refers only to what is there', () => {
    for (const [, node] of objectsIn(document)) resolve(node)
  })

  it('names, sums up and sorts every operation', () => {
    const known = document.tags.map(({ name }) => name)
    const ids = operations().map(([, { operationId }]) => operationId)
    expect(new Set(ids).size).toBe(ids.length)
    for (const [where, { operationId, summary, tags = [] }] of operations()) {
      expect(operationId, where).toMatch(/^[a-z][A-Za-z]+$/)
      expect(summary, where).toMatch(/^[A-Z].*[^.]$/)
      expect(tags.length === 1 && known.includes(tags[0] ?? ''), `${where} has the tags ${tags}`).toBe(true)
    }
    const used = operations().flatMap(([, { tags = [] }]) => tags)
    expect(known.filter((tag) => !used.includes(tag))).toEqual([])
  })

  it('names the key that some requests need', () => {
    const keyed = operations().filter(([, { responses }]) =>
      JSON.stringify(responses).includes('idempotency_key_required'),
    )
    expect(keyed.map(([where]) => where)).toContain('post /api/inventory/{book}/adjustments')
    for (const [where, { parameters }] of keyed) {
      expect(parameters, where).toContainEqual(
        expect.objectContaining({ in: 'header', name: 'idempotency-key' }),
      )
    }
  })

  it('describes every refusal as a problem with its codes', () => {
    for (const [where, { responses }] of operations()) {
      const refusals = Object.entries(responses).filter(([status]) => status.startsWith('4'))
      expect(refusals.length, where).toBeGreaterThan(0)
      for (const [status, refusal] of refusals) {
        const { content, description } = resolve(refusal)
        expect(Object.keys(content ?? {}), `${where} ${status}`).toEqual(['application/problem+json'])
        expect(description, `${where} ${status}`).toMatch(/`[a-z_]+`: /)
      }
    }
  })

  it('names only problems that are explained where their type says', async () => {
    const listed: string[] = (await ask('/problems')).items.map(({ code }: { code: string }) => code)
    const named = [...JSON.stringify(document).matchAll(/"\/problems\/(\w+)"/g)].map(([, code]) => code)
    expect(named.filter((code) => !listed.includes(code ?? ''))).toEqual([])
    for (const code of listed) expect(await ask(`/problems/${code}`)).toMatchObject({ code })
  })

  it('has schemas that are JSON Schema 2020-12, and examples and defaults that fit them', () => {
    const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: true })
    addFormats.default(ajv)
    // Not of JSON Schema: where the references point, and OpenAPI's own.
    ajv.addVocabulary(['components', 'example'])
    ajv.addSchema({ $id: 'doc:', components: document.components })
    let checked = 0
    for (const [path, schema, values] of schemasWithValues()) {
      const absolute = JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"doc:#/')
      const validate = ajv.compile(JSON.parse(absolute))
      for (const value of values) {
        expect(validate(value), `${path}: ${JSON.stringify([value, validate.errors])}`).toBe(true)
        checked++
      }
    }
    expect(checked).toBeGreaterThan(100)
  })

  it('has patterns that take linear time, since a text is matched before its length is known to be right', () => {
    const patterns = new Set(
      [...objectsIn(document)].flatMap(([, { pattern }]) => (typeof pattern === 'string' ? pattern : [])),
    )
    expect(patterns.size).toBeGreaterThan(5)
    for (const pattern of patterns) {
      const regexp = new RegExp(pattern, 'u')
      for (const text of longTexts(20_000)) {
        const took = Math.min(...[1, 2, 3].map(() => millisecondsOf(() => regexp.test(text))))
        // Quadratic time would be hundreds of milliseconds, linear time is well below one.
        expect(took, `${pattern} on ${JSON.stringify(text.slice(0, 8))}...`).toBeLessThan(50)
      }
    }
  })
})

/** The schemas of the document with the examples and defaults that stand in them or beside them. */
function* schemasWithValues(): Generator<[string, Json, unknown[]]> {
  for (const [path, node] of objectsIn(document)) {
    const { schema, type, examples, example } = node
    if (/\/(examples?|securitySchemes)\//.test(path)) continue
    if (typeof schema === 'object' && schema !== null) {
      const named = Object.values((examples ?? {}) as Record<string, Json>).map(({ value }) => value)
      yield [path, schema as Json, example === undefined ? named : [...named, example]]
    } else if (typeof type === 'string' || Array.isArray(type) || Array.isArray(node.anyOf)) {
      const within = Array.isArray(examples) ? examples : []
      yield [path, node, 'default' in node ? [...within, node.default] : within]
    }
  }
}

async function ask(url: string) {
  const response = await shop.gateway.app.inject({ url })
  expect(response.statusCode, url).toBe(200)
  return response.json()
}

/** Texts that make a pattern with two ways to match one thing try all of them. */
function longTexts(length: number): string[] {
  const starts = ['', '1..', 'language,', 'https://', '97']
  const repeated = ['a', '0', ' ', '-', '.', 'a.', 'language,', 'é']
  const ends = ['', '\u0001', '!', '\n']
  return starts.flatMap((start) =>
    repeated.flatMap((part) => ends.map((end) => start + part.repeat(length / part.length) + end)),
  )
}

function millisecondsOf(work: () => void): number {
  const start = performance.now()
  work()
  return performance.now() - start
}
