import type { Logger } from '@colophon/runtime'
import Type from 'typebox'
import { httpProblem } from '../problems/http-problems.ts'
import type { ProblemTable } from '../problems/problem.ts'
import type { App } from './app.ts'
import { askReadiness, type Readiness } from './readiness.ts'

export interface OwnRoutesOptions {
  readonly name: string
  readonly version: string
  readonly logger: Logger
  /** Every problem the server may answer. */
  readonly table: ProblemTable
  readiness(): Promise<Readiness>
}

export const ownTag = { name: 'Service', description: 'The state of the server, and what its problems mean' }

const tags = [ownTag.name]

/** The routes every server has: its health, its version, its documents and its problems. */
export function addOwnRoutes(app: App, options: OwnRoutesOptions): void {
  addHealth(app, options)
  addVersion(app, options)
  addOpenapiDocument(app)
  addProblems(app, options.table)
}

function addHealth(app: App, { logger, readiness }: OwnRoutesOptions): void {
  const probe = { access: 'public', isProbe: true } as const
  const Health = Type.Object({ status: Type.Literal('ok') })
  app.get(
    '/healthz',
    { config: probe, schema: { tags, summary: 'Whether the process is alive', response: { 200: Health } } },
    async () => ({ status: 'ok' as const }),
  )

  const Ready = Type.Object(
    {
      status: Type.Enum(['ready', 'not_ready']),
      stores: Type.Record(Type.String(), Type.Enum(['up', 'down'])),
    },
    { title: 'Readiness' },
  )
  const response = { 200: Ready, 503: Ready }
  app.get(
    '/readyz',
    { config: probe, schema: { tags, summary: 'Whether it should get requests', response } },
    async (_, reply) => {
      const { status, body } = await askReadiness(readiness, logger)
      reply.code(status)
      return body
    },
  )
}

function addVersion(app: App, { name, version }: OwnRoutesOptions): void {
  const Version = Type.Object({ name: Type.String(), version: Type.String() })
  app.get(
    '/version',
    { config: { access: 'public' }, schema: { tags, summary: 'What runs here', response: { 200: Version } } },
    async () => ({ name, version }),
  )
}

function addOpenapiDocument(app: App): void {
  let text: string | undefined
  app.get('/openapi.json', { config: { access: 'public' }, schema: { hide: true } }, (_, reply) => {
    text ??= JSON.stringify(app.swagger())
    reply.type('application/json').send(text)
  })
}

function addProblems(app: App, table: ProblemTable): void {
  const Kind = Type.Object(
    {
      type: Type.String({ format: 'uri-reference' }),
      code: Type.String(),
      status: Type.Integer(),
      title: Type.String(),
      retryable: Type.Boolean({ description: 'Whether the same request may succeed later' }),
    },
    { title: 'ProblemKind' },
  )
  const kinds = Object.entries(table).map(([code, { status, title, retryable = false }]) => ({
    type: `/problems/${code}`,
    code,
    status,
    title,
    retryable,
  }))
  const byCode = new Map(kinds.map((kind) => [kind.code, kind]))
  const config = { access: 'public', problems: [] } as const

  const All = Type.Object({ items: Type.Array(Kind) })
  app.get(
    '/problems',
    { config, schema: { tags, summary: 'Every kind of problem this API answers', response: { 200: All } } },
    async () => ({ items: kinds }),
  )

  const params = Type.Object({ code: Type.String({ minLength: 1, maxLength: 100 }) })
  const schema = { tags, summary: 'What a kind of problem means', params, response: { 200: Kind } }
  app.get('/problems/:code', { config: { ...config, problems: ['not_found'] }, schema }, async (request) => {
    const kind = byCode.get(request.params.code)
    if (!kind)
      throw httpProblem('not_found', `no problem has the code ${request.params.code}: /problems lists them`)
    return kind
  })
}
