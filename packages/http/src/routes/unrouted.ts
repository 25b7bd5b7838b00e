import type { FastifyReply, FastifyRequest } from 'fastify'
import { httpProblem } from '../problems/http-problems.ts'
import { pathOf, sendProblem } from '../problems/problem-answer.ts'
import type { App } from './app.ts'

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** The methods a path has routes for, and OPTIONS; none for a path that is not known. */
export function allowedMethods(app: App, path: string): readonly string[] {
  const known = methods.filter((method) => app.findRoute({ method, url: path }) !== null)
  return known.length === 0 ? [] : [...known, 'OPTIONS']
}

/** Answers a request that no route takes: 404, 405 with the methods that are (RFC 9110, 15.5.6), or OPTIONS. */
export function answerUnrouted(app: App, request: FastifyRequest, reply: FastifyReply): void {
  const { method } = request
  const path = pathOf(request.raw.url)
  const allowed = allowedMethods(app, path)
  const allow = allowed.join(', ')
  // A route that takes the request may still find nothing, as that of a folder of files.
  if (allowed.length === 0 || (allowed.includes(method) && method !== 'OPTIONS')) {
    const detail = `nothing is at ${path}: /docs lists what there is`
    sendProblem(httpProblem('not_found', detail), request, reply)
    return
  }
  if (method === 'OPTIONS') {
    reply.code(204).header('allow', allow).send()
    return
  }
  const detail = `${method} is not allowed on ${path}: use ${allow}`
  sendProblem(httpProblem('method_not_allowed', detail, { headers: { allow } }), request, reply)
}
