import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Logger, Registry } from '@colophon/runtime'
import { createClientErrorHandler } from './connection/client-errors.ts'
import { listenError, originOf } from './connection/listen.ts'
import { logProblem, toProblem } from './problems/error-handler.ts'
import { httpProblem } from './problems/http-problems.ts'
import type { Problem } from './problems/problem.ts'
import { type Occurrence, pathOf, problemBody, problemType } from './problems/problem-answer.ts'
import { requestIdOf } from './request/begin.ts'
import { askReadiness, type Readiness } from './routes/readiness.ts'

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
    const occurrence = { instance: pathOf(request.url), requestId: requestIdOf(request) }
    answer(request, response, occurrence.instance, options).catch((error: unknown) => {
      const problem = toProblem(error, {})
      logProblem(problem, logger.child({ requestId: occurrence.requestId }))
      sendProblem(response, problem, occurrence)
    })
  })
  server.on('clientError', createClientErrorHandler(logger))
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

/** @throws Problem for a path that is not served, or another method. */
async function answer(
  { method }: IncomingMessage,
  response: ServerResponse,
  path: string,
  options: OpsServerOptions,
): Promise<void> {
  const send = routes.get(path)
  if (!send) throw httpProblem('not_found', `here are ${[...routes.keys()].join(', ')}`)
  if (method !== 'GET' && method !== 'HEAD') {
    throw httpProblem('method_not_allowed', `${method} is not allowed: use GET`, {
      headers: { allow: 'GET, HEAD' },
    })
  }
  await send(response, options)
}

type Send = (response: ServerResponse, options: OpsServerOptions) => Promise<void>

const routes: ReadonlyMap<string, Send> = new Map<string, Send>([
  ['/metrics', sendMetrics],
  ['/healthz', async (response, { version }) => sendJson(response, 200, { status: 'ok', version })],
  ['/readyz', sendReadiness],
])

async function sendMetrics(response: ServerResponse, { metrics }: OpsServerOptions): Promise<void> {
  const text = await metrics.metrics()
  response.writeHead(200, { 'content-type': metrics.contentType }).end(text)
}

async function sendReadiness(response: ServerResponse, options: OpsServerOptions): Promise<void> {
  const { status, body } = await askReadiness(() => options.readiness(), options.logger)
  sendJson(response, status, body)
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function sendProblem(response: ServerResponse, problem: Problem, occurrence: Occurrence): void {
  const headers = {
    'content-type': problemType,
    'cache-control': 'no-store',
    'x-request-id': occurrence.requestId,
    ...problem.headers,
  }
  response.writeHead(problem.status, headers).end(JSON.stringify(problemBody(problem, occurrence)))
}
