import type { FastifySchema, RouteOptions } from 'fastify'
import type { Access } from '../access/access.ts'
import type { HttpLimits } from '../limits/limits.ts'
import type { ProblemTable } from '../problems/problem.ts'
import type { RouteInfo } from './app.ts'

/** A route and what is worked out of its declaration once, at the start. */
export interface Route extends RouteInfo {
  readonly schema: FastifySchema
  /** Left out of the documentation. */
  readonly hidden: boolean
  /** A health route: never shed, never rate limited, logged at debug. */
  readonly isProbe: boolean
  /** The largest body in bytes. */
  readonly bodyBytes: number
  /** Media types of a body. */
  readonly consumes: readonly string[]
  readonly bodyRequired: boolean
  /** Whether the body is neither parsed nor checked. */
  readonly rawBody: boolean
}

export const mergePatchType = 'application/merge-patch+json'

/** The media types that are read as JSON. */
export const jsonTypes: readonly string[] = ['application/json', mergePatchType]

/** Tables, whose bytes a route gets as they are: it names the type in `schema.consumes`. */
export const csvType = 'text/csv'

const bodyMethods: readonly string[] = ['POST', 'PUT', 'PATCH', 'DELETE']

export function takesBody(method: string): boolean {
  return bodyMethods.includes(method)
}

export interface DeclareOptions {
  readonly limits: HttpLimits
  readonly table: ProblemTable
}

/**
 * Reads a declaration, once per method.
 * @param scopeAccess who may use the routes of its scope that do not say it
 * @throws Error for a route that states no access, has no schema, or names a problem that is in no table
 */
export function declareRoutes(
  declaration: RouteOptions,
  scopeAccess: Access | undefined,
  options: DeclareOptions,
): Route[] {
  return [declaration.method].flat().map((method) => declareRoute(declaration, method, scopeAccess, options))
}

function declareRoute(
  declaration: RouteOptions,
  method: string,
  scopeAccess: Access | undefined,
  { limits, table }: DeclareOptions,
): Route {
  const { url, schema, config = {} } = declaration
  const { problems = [], isProbe = false, rawBody = false } = config
  const unknown = problems.find((code) => !Object.hasOwn(table, code))
  if (unknown) throw new Error(`${method} ${url} names the problem "${unknown}", which is in no table`)
  const access = accessOf(declaration, method, scopeAccess)
  if (!schema) throw new Error(`${method} ${url} has no schema: say what it takes, or schema: {} for nothing`)
  return {
    method,
    url,
    schema,
    problems,
    isProbe,
    access,
    hidden: schema.hide === true,
    bodyBytes: declaration.bodyLimit ?? limits.bodyBytes,
    consumes: schema.consumes ?? ['application/json'],
    bodyRequired: schema.body !== undefined && !acceptsNull(schema.body),
    rawBody,
  }
}

function accessOf({ url, config }: RouteOptions, method: string, scopeAccess: Access | undefined): Access {
  const access = config?.access ?? scopeAccess
  if (access !== undefined) return access
  // CORS's preflight, a route of a plugin that must be added to the whole app.
  if (method === 'OPTIONS' && url === '*') return 'public'
  throw new Error(
    `${method} ${url} does not say who may use it: add config: { access: 'public' | 'signed-in' | anyOf('role') }`,
  )
}

function acceptsNull(schema: unknown): boolean {
  const { type, anyOf } = schema as { type?: unknown; anyOf?: readonly { type?: unknown }[] }
  return [type].flat().includes('null') || anyOf?.some((branch) => branch.type === 'null') === true
}
