import { STATUS_CODES } from 'node:http'
import swagger from '@fastify/swagger'
import type { ProblemTable } from '../problems/problem.ts'
import type { App } from '../routes/app.ts'
import type { Route } from '../routes/route.ts'
import { hoistTitled, type Json } from './components.ts'
import { withoutDefaulted } from './defaulted.ts'
import { problemResponses } from './problem-responses.ts'

/** A member of a parameter's schema that says that the handler demands it: `'x-demanded': true`. */
const demanded = 'x-demanded'

export interface OpenapiOptions {
  readonly title: string
  readonly description: string
  readonly version: string
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  readonly sessionCookie: string
}

interface Document extends Json {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { schemas: Json; responses?: Json }
}

interface Operation extends Json {
  operationId?: string
  description?: string
  security?: readonly Json[]
  requestBody?: Json
  responses: Record<string, Json>
  parameters?: readonly (Json & { readonly schema?: Json })[]
}

/** Describes the routes as they are added, in OpenAPI 3.1, from the schemas that validate. */
export async function addOpenapi(
  app: App,
  options: OpenapiOptions,
  routes: readonly Route[],
  table: ProblemTable,
) {
  const { title, description, version, tags, sessionCookie } = options
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title, description, version },
      servers: [{ url: '/' }],
      tags: [...tags],
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'For scripts' },
          session: { type: 'apiKey', in: 'cookie', name: sessionCookie, description: 'For browsers' },
        },
      },
    },
    stripBasePath: false,
    transformObject: (generated) => {
      const document = ('openapiObject' in generated ? generated.openapiObject : {}) as unknown as Document
      completeDocument(document, routes, table)
      return document
    },
  })
}

function completeDocument(document: Document, routes: readonly Route[], table: ProblemTable): void {
  const shared: Json = {}
  for (const route of routes) {
    const operation = document.paths[templateOf(route.url)]?.[route.method.toLowerCase()]
    if (operation) completeOperation(operation, route, problemResponses(route, table, shared))
  }
  document.components.responses = shared
  refuseSharedIds(document)
  document.components.schemas = hoistTitled(document)
}

function completeOperation(operation: Operation, route: Route, refusals: Record<string, Json>): void {
  operation.operationId ??= operationIdOf(route)
  if (route.access !== 'public') operation.security = [{ bearer: [] }, { session: [] }]
  if (typeof route.access === 'object') {
    const rule = `Needs the role ${route.access.roles.join(' or ')}.`
    operation.description = operation.description ? `${operation.description}\n\n${rule}` : rule
  }
  if (operation.requestBody) completeBody(operation.requestBody, route)
  for (const parameter of operation.parameters ?? []) {
    // A value that has a default is always there for the handler, and need not be sent.
    if (parameter.schema && 'default' in parameter.schema) parameter.required = false
    // What a handler demands itself, as its refusal says more than a schema's would.
    if (parameter.schema && demanded in parameter.schema) {
      const { [demanded]: _, ...schema } = parameter.schema
      Object.assign(parameter, { schema, required: true })
    }
  }
  if (route.problems.includes('precondition_required')) {
    const others = operation.parameters ?? []
    // Where a resource may be put where there is none, that is said in place of If-Match.
    const isOnly = !others.some(({ name }) => name === 'if-none-match')
    operation.parameters = [...others, { ...ifMatch, required: isOnly }]
  }
  for (const [status, response] of Object.entries(operation.responses)) {
    if (response.description === 'Default Response') response.description = STATUS_CODES[status] ?? status
  }
  operation.responses = { ...refusals, ...operation.responses }
}

function completeBody(body: Json, { bodyRequired }: Route): void {
  body.required = bodyRequired
  const content = (body.content ?? {}) as Record<string, Json>
  for (const media of Object.values(content)) {
    if (media.schema !== undefined) media.schema = withoutDefaulted(media.schema)
  }
}

/** Handlers read it by `requireMatch`, whose refusals say more than a schema's would. */
const ifMatch = {
  name: 'If-Match',
  in: 'header',
  required: true,
  description: 'The ETag of what was read, so that no change of somebody else is lost; * for any',
  schema: { type: 'string', minLength: 1 },
  example: '"1"',
}

/** `/api/books/:id` as OpenAPI writes it: `/api/books/{id}`. */
function templateOf(url: string): string {
  return url.replace(/:(\w+)/g, '{$1}')
}

/** `GET /api/books/:id` gives `getBooksById`. */
function operationIdOf({ method, url }: Route): string {
  const words = url
    .replace(/^\/api\//, '/')
    .split(/[^A-Za-z0-9:]+/)
    .filter((word) => word !== '')
    .map((word) => (word.startsWith(':') ? `By${capital(word.slice(1))}` : capital(word)))
  return `${method.toLowerCase()}${words.join('')}`
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

function refuseSharedIds({ paths }: Document): void {
  const seen = new Map<string, string>()
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, { operationId = '' }] of Object.entries(operations)) {
      const other = seen.get(operationId)
      if (other) throw new Error(`${method} ${path} and ${other} have the same operationId ${operationId}`)
      seen.set(operationId, `${method} ${path}`)
    }
  }
}
