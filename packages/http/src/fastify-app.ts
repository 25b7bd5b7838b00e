import type { IncomingMessage } from 'node:http'
import type { Logger } from '@colophon/runtime'
import cookie from '@fastify/cookie'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import fastify, { type FastifyReply, type FastifyRequest, type RawServerDefault } from 'fastify'
import { unauthenticated } from './access/access.ts'
import { createClientErrorHandler, writeProblem } from './connection/client-errors.ts'
import type { HttpLimits } from './limits/limits.ts'
import { httpProblem } from './problems/http-problems.ts'
import { requestIdOf } from './request/begin.ts'
import { fastifyLogger, QuietLogs } from './request/logs.ts'
import type { App } from './routes/app.ts'

export interface FastifyAppOptions {
  readonly limits: HttpLimits
  readonly logger: Logger
  readonly trustProxy: boolean | string | string[]
  readonly isPublicHttps: boolean
  /** Answers a URL that cannot be read, which no hook sees. */
  onBadUrl(request: FastifyRequest, reply: FastifyReply): void
}

/** Fastify with our bounds and without its own answers. */
export async function createFastifyApp(options: FastifyAppOptions): Promise<App> {
  const { limits, logger } = options
  const app: App = fastify<RawServerDefault>({
    loggerInstance: fastifyLogger(logger),
    logController: new QuietLogs(),
    genReqId: requestIdOf,
    trustProxy: options.trustProxy,
    bodyLimit: limits.bodyBytes,
    connectionTimeout: limits.answerStallMs,
    keepAliveTimeout: limits.keepAliveMs,
    // For what is sent where no body is read; where one is, it is refused before.
    requestTimeout: limits.headersMs + limits.bodyMs,
    // While stopping, what still arrives is served; the answer tells the client to close.
    return503OnClosing: false,
    routerOptions: { maxParamLength: limits.urlBytes },
    clientErrorHandler: createClientErrorHandler(logger),
    frameworkErrors: (_, request, reply) => options.onBadUrl(request, reply as unknown as FastifyReply),
    http: {
      // Refused by us, as problem+json.
      requireHostHeader: false,
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersMs,
      connectionsCheckingInterval: Math.min(limits.headersMs, 1_000),
    },
  }).withTypeProvider<TypeBoxTypeProvider>()
  app.server.maxConnections = limits.connections
  refuseTunnels(app)
  decorate(app, options.isPublicHttps)
  await app.register(cookie)
  return app
}

function decorate(app: App, isPublicHttps: boolean): void {
  app.decorate('isPublicHttps', isPublicHttps)
  app.decorateRequest('state')
  app.decorateRequest('identity', null)
  app.decorateRequest('requireIdentity', function requireIdentity() {
    if (!this.identity) throw unauthenticated()
    return this.identity
  })
}

/** CONNECT gets no request handler: it is answered on its socket. */
function refuseTunnels({ server }: App): void {
  server.on('connect', (request, socket) => {
    const detail = 'CONNECT is not allowed: this is not a proxy'
    const problem = httpProblem('method_not_allowed', detail, {
      headers: { allow: 'GET, HEAD, POST, PUT, PATCH, DELETE' },
    })
    writeProblem(socket, problem, requestIdOf(request))
  })
}

/**
 * Lets a client that waits before it sends its body (`Expect: 100-continue`) wait until the body is wanted.
 * @returns the requests whose clients wait
 */
export function acceptExpectations({ server }: App): WeakSet<IncomingMessage> {
  const awaiting = new WeakSet<IncomingMessage>()
  server.on('checkContinue', (request, response) => {
    awaiting.add(request)
    server.emit('request', request, response)
  })
  // Other expectations may be ignored (RFC 9110, section 10.1.1).
  server.on('checkExpectation', (request, response) => server.emit('request', request, response))
  return awaiting
}
