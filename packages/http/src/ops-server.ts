import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Logger, Registry } from '@colophon/runtime'
import { listenError, originOf } from './listen.ts'
import { askReadiness, type Readiness } from './readiness.ts'

export interface OpsServerOptions {
  readonly host: string
  /** 0 for any free port. */
  readonly port: number
  readonly metrics: Registry
  readiness(): Promise<Readiness> | Readiness
  readonly logger: Logger
  readonly version: string
}

/** For operators and not for the public: `/metrics` (Prometheus text), `/healthz`, `/readyz`. */
export interface OpsServer {
  /** Listens. @throws Error that says what to do when the port is taken. */
  start(): Promise<void>
  /** Closes at once: scrapes and probes are cheap to repeat. */
  stop(): Promise<void>
  /** Where it listens, such as `http://127.0.0.1:8081`. */
  address(): string
}

export async function createOpsServer(options: OpsServerOptions): Promise<OpsServer> {
  const { host, port, logger } = options
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request, response) => {
    const path = request.url?.split('?')[0] ?? '/'
    const answered =
      request.method === 'GET' || request.method === 'HEAD' ? answer(path, response, options) : undefined
    if (!answered) refuse(response, request.method, path)
    answered?.catch((error: unknown) => {
      logger.error({ err: error, path }, 'an operations request failed')
      response.destroy()
    })
  })
  return {
    async start() {
      server.listen({ host, port })
      try {
        await once(server, 'listening')
      } catch (error) {
        throw listenError(error, host, port, 'OPS_PORT')
      }
    },
    async stop() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
    address() {
      const { address, port: bound } = server.address() as AddressInfo
      return originOf(address, bound)
    },
  }
}

/** Undefined for a path that is not served. */
function answer(
  path: string,
  response: ServerResponse,
  options: OpsServerOptions,
): Promise<void> | undefined {
  switch (path) {
    case '/metrics':
      return sendMetrics(response, options.metrics)
    case '/healthz':
      return sendJson(response, 200, { status: 'ok', version: options.version })
    case '/readyz':
      return sendReadiness(response, options)
    default:
      return undefined
  }
}

async function sendMetrics(response: ServerResponse, metrics: Registry): Promise<void> {
  const text = await metrics.metrics()
  response.writeHead(200, { 'content-type': metrics.contentType }).end(text)
}

async function sendReadiness(response: ServerResponse, options: OpsServerOptions): Promise<void> {
  const { status, body } = await askReadiness(() => options.readiness(), options.logger)
  await sendJson(response, status, body)
}

async function sendJson(response: ServerResponse, status: number, body: unknown): Promise<void> {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function refuse(response: ServerResponse, method: string | undefined, path: string): void {
  const known = path === '/metrics' || path === '/healthz' || path === '/readyz'
  const status = known ? 405 : 404
  const title = known ? 'The method is not allowed here' : 'Nothing is here'
  const detail = known ? `${method} is not allowed: use GET` : 'here are /metrics, /healthz and /readyz'
  response
    .writeHead(status, { 'content-type': 'application/problem+json', ...(known && { allow: 'GET, HEAD' }) })
    .end(JSON.stringify({ title, status, detail, instance: path }))
}
