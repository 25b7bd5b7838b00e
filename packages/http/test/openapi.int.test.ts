import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import Type from 'typebox'
import { beforeEach, describe, expect, test } from 'vitest'
import type { App } from '../src/index.ts'
import { createServer, shelf } from './support.ts'

type Json = Record<string, unknown>

interface Operation extends Json {
  readonly operationId: string
  readonly security?: readonly Json[]
  readonly description?: string
  readonly parameters?: readonly {
    name: string
    in: string
    required: boolean
    schema: Json
    description: string
  }[]
  readonly requestBody?: { required: boolean; content: Record<string, { schema: Json }> }
  readonly responses: Record<string, Json>
}

interface Document extends Json {
  readonly openapi: string
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: {
    schemas: Record<string, Json>
    responses: Record<string, Json>
    securitySchemes: Json
  }
}

let document: Document

async function documentOf(routes: (app: App) => void): Promise<Document> {
  const { app } = await createServer({ routes })
  const response = await app.inject({ url: '/openapi.json' })
  expect(response.headers['content-type']).toMatch(/^application\/json/)
  return response.json()
}

beforeEach(async () => {
  const server = await createServer()
  document = (await server.app.inject({ url: '/openapi.json' })).json()
  expect(server.openapi()).toEqual(document)
})

function operation(method: string, path: string): Operation {
  const found = document.paths[path]?.[method]
  if (!found) throw new Error(`${method} ${path} is not described`)
  return found
}

function resolve(value: unknown): Json {
  const reference = (value as { $ref?: string }).$ref
  if (reference === undefined) return value as Json
  const target = reference
    .slice(2)
    .split('/')
    .reduce<unknown>((node, key) => (node as Json)[key], document)
  return resolve(target)
}

/** Every object within the document, with where it stands. */
function* objects(value: unknown, path = '#'): Generator<[string, Json]> {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value)) yield [path, value as Json]
  for (const [key, member] of Object.entries(value)) yield* objects(member, `${path}/${key}`)
}

describe('the document', () => {
  test('is OpenAPI 3.1 and describes what is served', () => {
    expect(document.openapi).toBe('3.1.0')
    expect(Object.keys(document.paths).sort()).toEqual([
      '/api/books',
      '/api/books/{id}',
      '/healthz',
      '/problems',
      '/problems/{code}',
      '/readyz',
      '/version',
    ])
    expect(document.tags).toContainEqual({ name: 'Books', description: 'Books' })
  })

  test('refers only to what is there', () => {
    for (const [path, { $ref }] of objects(document)) {
      if ($ref !== undefined) expect(resolve({ $ref }), path).toBeTypeOf('object')
    }
  })

  test('has an operation id, and an answer with a description, for every operation', () => {
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods))
    const ids = operations.map(({ operationId }) => operationId)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids).toContain('getBooksById')
    for (const { operationId, responses } of operations) {
      for (const response of Object.values(responses)) {
        expect(resolve(response).description, operationId).toMatch(/\S/)
      }
    }
  })

  test('names every parameter of a path', () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      for (const { parameters = [] } of Object.values(methods)) {
        expect(parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name)).toEqual(
          named,
        )
      }
    }
  })

  test('has schemas that compile, and examples and defaults that fit them', () => {
    const ajv = new Ajv2020({ strict: false })
    addFormats.default(ajv)
    ajv.addSchema({ $id: 'doc:', ...document })
    const fits = (path: string, schema: Json, values: unknown[]) => {
      const validate = ajv.compile(withRefs(schema))
      for (const value of values)
        expect(validate(value), `${path}: ${JSON.stringify(validate.errors)}`).toBe(true)
    }
    let checked = 0
    for (const [path, node] of objects(document)) {
      const { schema, examples, example, default: fallback, type } = node
      const isMedia = typeof schema === 'object' && schema !== null
      if (isMedia) {
        const named = Object.values((examples ?? {}) as Record<string, { value: unknown }>).map(
          ({ value }) => value,
        )
        fits(path, schema as Json, example === undefined ? named : [...named, example])
        checked += named.length
      } else if (type !== undefined && (Array.isArray(examples) || fallback !== undefined)) {
        const values = [
          ...(Array.isArray(examples) ? examples : []),
          ...(fallback === undefined ? [] : [fallback]),
        ]
        fits(path, node, values)
        checked += values.length
      }
    }
    expect(checked).toBeGreaterThan(10)
  })
})

/** The schema with its references pointed at the whole document. */
function withRefs(schema: Json): Json {
  return JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"doc:#/'))
}

describe('an operation', () => {
  test('says who may use it', () => {
    expect(operation('get', '/api/books')).not.toHaveProperty('security')
    expect(operation('post', '/api/books').security).toEqual([{ bearer: [] }, { session: [] }])
    expect(operation('post', '/api/books').description).toBe('Needs the role staff or admin.')
    expect(Object.keys(document.components.securitySchemes)).toEqual(['bearer', 'session'])
  })

  test.each([
    ['get', '/api/books', [200, 400, 401, 414, 429, 431, 500, 503]],
    ['get', '/api/books/{id}', [200, 400, 401, 404, 414, 429, 431, 500, 503]],
    ['post', '/api/books', [201, 400, 401, 403, 408, 409, 413, 414, 415, 429, 431, 500, 503]],
    ['patch', '/api/books/{id}', [200, 400, 401, 403, 408, 412, 413, 414, 415, 428, 429, 431, 500, 503]],
    ['get', '/readyz', [200, 400, 414, 431, 503]],
  ])('%s %s answers what can happen to it', (method, path, statuses) => {
    expect(Object.keys(operation(method, path).responses).map(Number).sort()).toEqual(statuses)
  })

  test('names the codes of its refusals', () => {
    const conflict = resolve(operation('post', '/api/books').responses[409])
    expect(conflict.description).toContain('`shelf_full`: The shelf is full')
    const media = (conflict.content as Record<string, { schema: Json; examples: Json }>)[
      'application/problem+json'
    ]
    expect(media?.schema).toEqual({
      allOf: [
        { $ref: '#/components/schemas/Problem' },
        { type: 'object', properties: { code: { type: 'string', enum: ['shelf_full'] } } },
      ],
    })
    expect(Object.keys(media?.examples ?? {})).toEqual(['shelf_full'])
    const list = resolve(operation('get', '/api/books').responses[400])
    expect(list.description).toContain('invalid_cursor')
  })

  test('has its query as it is read: what has a default need not be sent', () => {
    const parameters = operation('get', '/api/books').parameters ?? []
    expect(parameters.every((parameter) => parameter.in === 'query' && !parameter.required)).toBe(true)
    expect(parameters.find(({ name }) => name === 'limit')).toMatchObject({
      schema: { type: 'integer', minimum: 1, maximum: 100, default: 20 },
      description: 'How many items at most',
    })
  })

  test('has If-Match where a write needs it, for what sends it from the document', () => {
    const parameters = operation('patch', '/api/books/{id}').parameters ?? []
    expect(parameters.find(({ name }) => name === 'If-Match')).toMatchObject({ in: 'header', required: true })
    expect(JSON.stringify(operation('post', '/api/books'))).not.toContain('If-Match')
  })

  test('has its body with its media type', () => {
    expect(operation('post', '/api/books').requestBody).toMatchObject({
      required: true,
      content: { 'application/json': { schema: { $ref: '#/components/schemas/Book' } } },
    })
    expect(Object.keys(operation('patch', '/api/books/{id}').requestBody?.content ?? {})).toEqual([
      'application/merge-patch+json',
    ])
  })
})

describe('titles', () => {
  test('become components, however deep the schema is', () => {
    expect(document.components.schemas.Book).toMatchObject({
      properties: { publisher: { anyOf: [{ $ref: '#/components/schemas/Publisher' }, { type: 'null' }] } },
    })
  })

  const config = { access: 'public' } as const
  const titled = (type: Parameters<typeof Type.Object>[0]) => Type.Object(type, { title: 'Thing' })

  test('that two schemas share stop the start', async () => {
    const routes = (app: App) => {
      app.get(
        '/api/a',
        { config, schema: { response: { 200: titled({ a: Type.String() }) } } },
        async () => ({ a: '' }),
      )
      app.get(
        '/api/b',
        { config, schema: { response: { 200: titled({ b: Type.String() }) } } },
        async () => ({ b: '' }),
      )
    }
    const server = await createServer({ routes })
    await expect(server.start()).rejects.toThrow('two different schemas have the title "Thing"')
  })

  test('may be used in bodies, answers and lists', async () => {
    const Thing = Type.Object(
      { a: Type.String() },
      { title: 'Thing', examples: [{ a: 'b' }], description: 'It' },
    )
    const routes = (app: App) => {
      shelf(app)
      app.post(
        '/api/a',
        { config, schema: { body: Thing, response: { 200: Thing } } },
        async ({ body }) => body,
      )
      app.get('/api/a', { config, schema: { response: { 200: Type.Array(Thing) } } }, async () => [])
    }
    const { components } = await documentOf(routes)
    expect(components.schemas.Thing).toMatchObject({ description: 'It', examples: [{ a: 'b' }] })
  })

  test('and operation ids that two routes share stop the start too', async () => {
    const routes = (app: App) => {
      app.get('/api/a', { config, schema: { operationId: 'getA' } }, async () => ({}))
      app.get('/api/b', { config, schema: { operationId: 'getA' } }, async () => ({}))
    }
    const server = await createServer({ routes })
    await expect(server.start()).rejects.toThrow('have the same operationId getA')
  })
})

describe('the pages of the documentation', () => {
  test('come from here, and may load nothing from elsewhere', async () => {
    const { app } = await createServer()
    const page = await app.inject({ url: '/docs' })
    expect(page.statusCode).toBe(200)
    const assets = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => String(url))
    expect(assets.length).toBeGreaterThan(4)
    for (const url of assets) expect((await app.inject({ url })).statusCode, url).toBe(200)
    const policy = String(page.headers['content-security-policy'])
    expect(policy).toContain("script-src 'self'")
    expect(policy).not.toMatch(/https:|\*|unsafe-eval/)
  })

  test('keep a token that was pasted, and send the session cookie', async () => {
    const { app } = await createServer()
    const script = (await app.inject({ url: '/docs/static/swagger-initializer.js' })).body
    expect(script).toContain('"persistAuthorization":true')
    expect(script).toContain('"withCredentials":true')
    expect((await app.inject({ url: '/docs/json' })).json().openapi).toBe('3.1.0')
  })
})

test('the server lists its routes with who may use them', async () => {
  const server = await createServer()
  expect(server.routes()).toContainEqual({
    method: 'POST',
    url: '/api/books',
    access: { roles: ['staff', 'admin'] },
    problems: ['shelf_full'],
  })
})

test('those that the documentation leaves out are listed too', async () => {
  const routes = (app: App) => {
    app.get('/api/back-door', { config: { access: 'public' }, schema: { hide: true } }, async () => ({}))
  }
  const server = await createServer({ routes })
  const listed = server.routes().map(({ method, url }) => `${method} ${url}`)
  expect(listed).toEqual(expect.arrayContaining(['GET /api/back-door', 'GET /openapi.json', 'GET /docs']))
  expect(listed.filter((route) => route.startsWith('HEAD'))).toEqual([])
})
