import { lookup } from 'node:dns/promises'
import type { AddressInfo } from 'node:net'
import type { Logger, Registry } from '@colophon/runtime'
import type { FastifyRequest } from 'fastify'
import type { Identifier } from './access/access.ts'
import { sessionCookie } from './access/session-cookie.ts'
import { createAdmission } from './admission/admission.ts'
import { malformedUrl, refusalOf } from './admission/refusal.ts'
import { addCompression } from './answers/compression.ts'
import { addEventStreams } from './answers/event-streams.ts'
import { securityHeaders } from './answers/security-headers.ts'
import { addBodyParsers } from './body/body-gate.ts'
import { createDrain, type Drain } from './connection/drain.ts'
import { listenError, originOf } from './connection/listen.ts'
import { acceptExpectations, createFastifyApp } from './fastify-app.ts'
import { guardRoutes } from './guard-routes.ts'
import { addHooks } from './hooks.ts'
import { defaultLimits, type HttpLimits } from './limits/limits.ts'
import { watchLoad } from './limits/load.ts'
import { addOpenapi } from './openapi/document.ts'
import { addDocs } from './openapi/pages.ts'
import { createErrorHandler } from './problems/error-handler.ts'
import { httpProblems } from './problems/http-problems.ts'
import { mergeProblems, type ProblemTable } from './problems/problem.ts'
import { sendProblem } from './problems/problem-answer.ts'
import { createBeginning } from './request/begin.ts'
import { createHttpMetrics } from './request/metrics.ts'
import type { App, RouteInfo } from './routes/app.ts'
import { addOwnRoutes, ownTag } from './routes/own-routes.ts'
import type { Readiness } from './routes/readiness.ts'
import type { Route } from './routes/route.ts'

export interface HttpServerOptions {
  readonly name: string
  readonly version: string
  readonly logger: Logger
  readonly metrics: Registry
  readonly host: string
  /** 0 for any free port. */
  readonly port: number
  /** The setting that chooses the port, as the error about a taken one names it; PORT. */
  readonly portSetting?: string
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
  readonly trustProxy?: boolean | string | string[]
  /** Where browsers see this server, such as `https://shop.example`. */
  readonly publicUrl?: string
  /** The origins of other sites whose pages may call this API. */
  readonly corsOrigins: readonly string[]
  /** Whether an error means that a store does not answer: 503 `store_unavailable`. */
  isStoreUnavailable?(error: unknown): boolean
  /** Whether an error means that a deadline has passed: 503 `timeout`. */
  isTimeout?(error: unknown): boolean
  /** What the rates are counted by, in milliseconds since the epoch. */
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
  /** Every route, those that the documentation leaves out as well. HEAD is the same as GET. */
  routes(): readonly RouteInfo[]
  /** The OpenAPI 3.1 document; complete once the server has started (or `app.ready()`). */
  openapi(): object
  /** What the service says, and not ready while stopping. */
  readiness(): Promise<Readiness>
}

/**
 * A server that answers nothing but what its routes say: every route states who may use it, every error is
 * problem+json, everything is bounded.
 * @throws Error when a problem code is in two tables, or a CORS origin is not one
 */
export async function createHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { logger, publicUrl, clock = Date.now } = options
  const limits: HttpLimits = { ...defaultLimits, ...options.limits }
  const table = mergeProblems([httpProblems, ...options.problemTables])
  const isPublicHttps = publicUrl?.startsWith('https:') === true
  const load = watchLoad(limits)
  const metrics = createHttpMetrics(options.metrics, load)
  const begin = createBeginning({ limits, metrics, logger })
  const headers = securityHeaders(isPublicHttps)
  const app = await createFastifyApp({
    limits,
    logger,
    isPublicHttps,
    trustProxy: options.trustProxy ?? false,
    onBadUrl(request, reply) {
      reply.headers(headers)
      begin(request, reply, () => sendProblem(malformedUrl(), request, reply))
    },
  })
  const drain = createDrain(app, limits)
  addEventStreams(app, { limits, refusals: metrics, metrics: options.metrics })
  const admission = createAdmission({ ...options, limits, load, refusals: metrics, clock })
  const refuse = (request: FastifyRequest) => refusalOf(request.raw, limits)

  app.setErrorHandler(createErrorHandler(options))
  addBodyParsers(app, limits)
  const routes = guardRoutes(app, { admission, limits, table, awaitsContinue: acceptExpectations(app) })
  await addHooks(app, { ...options, admission, drain, headers, begin, refusalOf: refuse })
  await addCompression(app)
  app.addHook('onClose', async () => load.stop())
  const readiness = () => currentReadiness(options, drain)
  await addDescriptions(app, options, { routes, table, readiness })
  return {
    app,
    start: () => listen(app, options),
    stop: drain.stop,
    address: () => addressOf(app),
    routes: () => routes.filter(({ method }) => method !== 'HEAD').map(infoOf),
    openapi: () => app.swagger(),
    readiness,
  }
}

async function currentReadiness(options: HttpServerOptions, { draining }: Drain): Promise<Readiness> {
  const current = await options.readiness()
  return draining ? { ...current, ready: false } : current
}

interface Described {
  readonly routes: readonly Route[]
  readonly table: ProblemTable
  readiness(): Promise<Readiness>
}

/** What the server says about itself: OpenAPI, its pages, its state, its problems. */
async function addDescriptions(app: App, options: HttpServerOptions, described: Described): Promise<void> {
  const tags = [...(options.openapi.tags ?? []), ownTag]
  const about = { ...options.openapi, tags, version: options.version, sessionCookie }
  await addOpenapi(app, about, described.routes, described.table)
  await addDocs(app, about.title)
  addOwnRoutes(app, { ...options, ...described })
  app.addHook('onReady', async () => {
    // Made now, so that what it cannot describe stops the start.
    app.swagger()
  })
}

async function listen(app: App, { host, port, portSetting = 'PORT' }: HttpServerOptions): Promise<void> {
  try {
    // For "localhost" Fastify opens a second server, on ::1, which our bounds and the drain would not reach.
    const { address } = await lookup(host, { order: 'ipv4first' })
    await app.listen({ host: address, port, listenTextResolver: (url) => `listening on ${url}` })
  } catch (error) {
    throw listenError(error, host, port, portSetting)
  }
}

function addressOf({ server }: App): string {
  const address = server.address() as AddressInfo | null
  if (!address) throw new Error('the server is not listening')
  return originOf(address.address, address.port)
}

function infoOf({ method, url, access, problems }: RouteInfo): RouteInfo {
  return { method, url, access, problems }
}
