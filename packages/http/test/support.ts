import { createLogger, createMetrics } from '@colophon/runtime'
import Type from 'typebox'
import { onTestFinished } from 'vitest'
import {
  type App,
  anyOf,
  createHttpServer,
  defineProblems,
  type HttpServer,
  type HttpServerOptions,
  httpProblem,
  type Identifier,
  nullable,
  pageQuery,
  problems,
  requireMatch,
  sendVersioned,
} from '../src/index.ts'

export const shelfProblems = defineProblems({
  shelf_full: { status: 409, title: 'The shelf is full' },
})

export const shelfProblem = problems(shelfProblems)

/** Tokens and sessions by name: `customer`, `staff`. */
export const people: Identifier = {
  async bearer(token) {
    if (token === 'staff') return { accountId: 'ann', roles: ['staff'] }
    if (token === 'customer') return { accountId: 'bob', roles: ['customer'] }
    throw httpProblem('invalid_token', 'nobody has this token')
  },
  async session(cookie) {
    if (cookie !== 'bobs') return null
    return { accountId: 'bob', roles: ['customer'], sessionId: 's1' }
  },
}

export const Book = Type.Object(
  {
    title: Type.String({ minLength: 1, maxLength: 50, examples: ['Emma'] }),
    pages: Type.Integer({ minimum: 1, maximum: 5000 }),
    isbn: Type.Optional(nullable(Type.String({ pattern: '^\\d{13}$', examples: ['9780141439587'] }))),
    tags: Type.Optional(Type.Array(Type.String(), { maxItems: 20_000 })),
    publisher: Type.Optional(
      nullable(Type.Object({ name: Type.String() }, { additionalProperties: false, title: 'Publisher' })),
    ),
  },
  { title: 'Book', additionalProperties: false },
)

/** Routes of every kind that the server treats in its own way. */
export function shelf(app: App): void {
  app.get(
    '/api/books/:id',
    {
      config: { access: 'public', problems: ['not_found'] },
      schema: {
        tags: ['Books'],
        summary: 'One book',
        params: Type.Object({ id: Type.Integer({ minimum: 1 }) }),
        response: { 200: Book },
      },
    },
    async (request, reply) =>
      sendVersioned(request, reply, request.params.id, { title: `Book ${request.params.id}`, pages: 7 }),
  )
  app.get(
    '/api/books',
    {
      config: { access: 'public' },
      schema: {
        querystring: Type.Object({
          ...pageQuery.properties,
          q: Type.Optional(Type.String({ minLength: 1 })),
          inStock: Type.Optional(Type.Boolean()),
          year: Type.Optional(Type.Integer({ minimum: 0, maximum: 2100 })),
          subject: Type.Optional(Type.Array(Type.String(), { maxItems: 5 })),
        }),
      },
    },
    async (request) => ({ query: request.query, who: request.identity?.accountId ?? null }),
  )
  app.post(
    '/api/books',
    {
      config: { access: anyOf('staff', 'admin'), problems: ['shelf_full'] },
      schema: { body: Book, response: { 201: Book } },
    },
    async (request, reply) => {
      if (request.body.title === 'full') throw shelfProblem('shelf_full', 'no room for one more')
      reply.code(201)
      return request.body
    },
  )
  app.patch(
    '/api/books/:id',
    {
      config: { access: 'signed-in', problems: ['precondition_required', 'precondition_failed'] },
      schema: {
        params: Type.Object({ id: Type.Integer() }),
        consumes: ['application/merge-patch+json'],
        body: Type.Partial(Book, { additionalProperties: false }),
      },
    },
    async (request) => {
      requireMatch(request, 7)
      return { by: request.requireIdentity().accountId, patch: request.body }
    },
  )
}

/** What a test may change about the server it drives. */
export type Overrides = Partial<HttpServerOptions> & { readonly routes?: (app: App) => void }

/** A server on no port yet, for `app.inject`; it is stopped when the test ends. */
export async function createServer({ routes = shelf, ...overrides }: Overrides = {}): Promise<HttpServer> {
  const server = await createHttpServer({
    name: 'shelf',
    version: '1.2.3',
    logger: createLogger({ level: 'silent', readable: false }),
    metrics: createMetrics(),
    host: '127.0.0.1',
    port: 0,
    identify: people,
    problemTables: [shelfProblems],
    openapi: {
      title: 'Shelf',
      description: 'A shelf of books',
      tags: [{ name: 'Books', description: 'Books' }],
    },
    readiness: () => ({ ready: true, stores: { database: 'up' } }),
    corsOrigins: [],
    ...overrides,
    // The clients of a test share its event loop.
    limits: { eventLoopDelayMs: 10_000, ...overrides.limits },
  })
  onTestFinished(() => server.stop())
  await server.app.register(async (app) => routes(app as App))
  return server
}

/** The same, listening on a free port. */
export async function startServer(overrides: Overrides = {}): Promise<HttpServer> {
  const server = await createServer(overrides)
  await server.start()
  return server
}
