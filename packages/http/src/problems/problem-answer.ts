import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Problem } from './problem.ts'

export const problemType = 'application/problem+json'

/** What an answer says about the request it is for. */
export interface Occurrence {
  /** The path of the request, without its query, which may hold secrets. */
  readonly instance: string
  readonly requestId: string
}

/** The body of an answer (RFC 9457). */
export function problemBody(problem: Problem, { instance, requestId }: Occurrence): Record<string, unknown> {
  const { code, status, title, detail, errors, extra } = problem
  return {
    type: `/problems/${code}`,
    title,
    status,
    code,
    detail,
    instance,
    requestId,
    ...(errors && { errors }),
    ...extra,
  }
}

/** Answers a request with a problem. */
export function sendProblem(problem: Problem, request: FastifyRequest, reply: FastifyReply): void {
  const body = problemBody(problem, { instance: pathOf(request.raw.url), requestId: request.id })
  reply
    .code(problem.status)
    .headers({ 'cache-control': 'no-store', ...problem.headers })
    .type(problemType)
    // As bytes: to a text Fastify would add a charset, which this media type does not have.
    .send(Buffer.from(JSON.stringify(body)))
}

/** The path of a request target. */
export function pathOf(url: string | undefined): string {
  const target = url ?? '/'
  const end = target.indexOf('?')
  return end === -1 ? target : target.slice(0, end)
}
