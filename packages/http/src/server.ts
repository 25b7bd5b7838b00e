import type { Logger, Registry } from '@colophon/runtime'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import fastify from 'fastify'
import { type Identifier, unauthenticated } from './access.ts'
import type { App, RouteInfo } from './app.ts'
import { defaultLimits, type HttpLimits } from './limits.ts'
import type { ProblemTable } from './problems.ts'
import type { Readiness } from './readiness.ts'

export interface HttpServerOptions {
  readonly name: string
  readonly version: string
  readonly logger: Logger
  readonly metrics: Registry
  readonly host: string
  /** 0 for any free port. */
  readonly port: number
  readonly identify: Identifier
  /** The tables of the services' problems; a code that is in two of them stops the start. */
  readonly problemTables: readonly ProblemTable[]
  readonly openapi: {
    readonly title: string
    readonly description: string
    readonly tags?: readonly { readonly name: string; readonly description: string }[]
  }
  readiness(): Promise<Readiness> | Readiness
  readonly limits?: Partial<HttpLimits>
  /** Which proxies are believed about the client's address and protocol, as Fastify's `trustProxy`. */
  readonly trustProxy?: boolean | number | string | string[]
  /** Where browsers see this server, such as `https://shop.example`. */
  readonly publicUrl?: string
  /** The origins of other sites whose pages may call this API. */
  readonly corsOrigins: readonly string[]
  /** Whether an error means that a store does not answer: 503 `store_unavailable`. */
  isStoreUnavailable?(error: unknown): boolean
  /** Whether an error means that a deadline has passed: 503 `timeout`. */
  isTimeout?(error: unknown): boolean
  /** Milliseconds since the epoch. */
  readonly clock?: () => number
}

export interface HttpServer {
  /** Add routes with `app.register(plugin)` before the start. */
  readonly app: App
  /** Listens. @throws Error that says what to do when the port is taken or a route states no access. */
  start(): Promise<void>
  /** Finishes what is in flight, within a bound, and closes. */
  stop(): Promise<void>
  /** Where it listens, such as `http://127.0.0.1:8080`. */
  address(): string
  routes(): readonly RouteInfo[]
  /** The OpenAPI 3.1 document; complete once the server has started (or `app.ready()`). */
  openapi(): object
  /** What the service says, and not ready while stopping. */
  readiness(): Promise<Readiness>
}

export async function createHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const limits: HttpLimits = { ...defaultLimits, ...options.limits }
  const app: App = fastify({ bodyLimit: limits.bodyBytes }).withTypeProvider<TypeBoxTypeProvider>()
  app.decorateRequest('identity', null)
  app.decorateRequest('requireIdentity', function requireIdentity() {
    if (!this.identity) throw unauthenticated()
    return this.identity
  })
  return {
    app,
    async start() {
      await app.listen({ host: options.host, port: options.port })
    },
    stop: () => app.close(),
    address: () => app.listeningOrigin,
    routes: () => [],
    openapi: () => ({}),
    readiness: async () => options.readiness(),
  }
}
