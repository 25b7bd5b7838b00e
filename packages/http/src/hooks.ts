import cors from '@fastify/cors'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Admission } from './admission/admission.ts'
import { finishAnswer } from './answers/finish-answer.ts'
import type { Drain } from './connection/drain.ts'
import type { Problem } from './problems/problem.ts'
import { sendProblem } from './problems/problem-answer.ts'
import type { App } from './routes/app.ts'
import { answerUnrouted } from './routes/unrouted.ts'

export interface HookOptions {
  readonly admission: Admission
  readonly drain: Drain
  readonly corsOrigins: readonly string[]
  readonly headers: Readonly<Record<string, string>>
  begin(request: FastifyRequest, reply: FastifyReply, proceed: () => void): void
  /** Why a request is not looked at any further. */
  refusalOf(request: FastifyRequest): Problem | undefined
}

/** What happens to every request, before and after its route. */
export async function addHooks(app: App, options: HookOptions): Promise<void> {
  const { admission, drain, corsOrigins, headers } = options
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(headers)
    options.begin(request, reply, () => {
      const problem = options.refusalOf(request)
      if (problem) return sendProblem(problem, request, reply)
      if (request.method === 'OPTIONS' && !isPreflight(request)) return answerUnrouted(app, request, reply)
      done()
    })
  })
  if (corsOrigins.length > 0) await addCors(app, corsOrigins)
  // After CORS, so that a page of another site may read these answers too.
  app.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) return done()
    admission.strangers(request, reply)
    answerUnrouted(app, request, reply)
  })
  app.setNotFoundHandler((request, reply) => answerUnrouted(app, request, reply))
  app.addHook('onSend', (request, reply, payload, done) => {
    drain.closeAfter(reply)
    done(null, finishAnswer(request, reply, payload))
  })
}

function isPreflight({ headers }: FastifyRequest): boolean {
  return headers.origin !== undefined && headers['access-control-request-method'] !== undefined
}

async function addCors(app: App, origins: readonly string[]): Promise<void> {
  const wrong = origins.find((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin)
  if (wrong) throw new Error(`"${wrong}" is not an origin: write it like https://shop.example`)
  await app.register(cors, {
    origin: [...origins],
    credentials: true,
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: ['ETag', 'Location', 'RateLimit', 'RateLimit-Policy', 'Retry-After', 'X-Request-Id'],
    maxAge: 600,
  })
}
