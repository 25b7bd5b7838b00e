import type { Logger } from '@colophon/runtime'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { httpProblem } from './http-problems.ts'
import { Problem } from './problem.ts'
import { sendProblem } from './problem-answer.ts'

export interface ErrorRules {
  readonly logger: Logger
  isStoreUnavailable?(error: unknown): boolean
  isTimeout?(error: unknown): boolean
}

/** Answers whatever a handler or a hook throws; only what nobody expected is logged as an error. */
export function createErrorHandler(rules: ErrorRules) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const problem = toProblem(error, rules)
    logProblem(problem, rules.logger)
    // Fastify wants to close the connection whenever a body is refused; whether that is needed is decided later.
    reply.removeHeader('connection')
    sendProblem(problem, request, reply)
  }
}

/** Logs what has a cause that operators should see. */
export function logProblem(problem: Problem, logger: Logger): void {
  if (problem.code === 'internal_error') {
    logger.error({ err: problem.cause ?? problem }, 'a request failed')
  } else if (problem.status >= 500 && problem.cause !== undefined) {
    logger.warn({ err: problem.cause, code: problem.code }, 'a request could not be answered')
  }
}

/** The problem an error is answered as; nothing of an unknown error is told. */
export function toProblem(error: unknown, rules: Omit<ErrorRules, 'logger'>): Problem {
  if (error instanceof Problem) return error
  const retry = { headers: { 'retry-after': '1' }, cause: error }
  if (rules.isTimeout?.(error)) {
    return httpProblem('timeout', 'the answer was not ready within the time allowed: try again', retry)
  }
  if (rules.isStoreUnavailable?.(error)) {
    return httpProblem('store_unavailable', 'a store is not answering at the moment: try again', retry)
  }
  return (
    frameworkProblem(error) ??
    httpProblem('internal_error', 'the request failed and was logged under its request id', { cause: error })
  )
}

/**
 * What Fastify and its plugins refuse by themselves, such as in a parser that a service adds. Other errors may have
 * a status too, such as that of a call that failed: it is not the status of this request.
 */
function frameworkProblem(error: unknown): Problem | undefined {
  if (!isRefusal(error)) return undefined
  const { statusCode: status, message } = error
  switch (status) {
    case 403:
    case 404:
      return httpProblem('not_found', 'nothing is here', { cause: error })
    case 413:
      return httpProblem('body_too_large', message, { headers: { connection: 'close' }, cause: error })
    case 415:
      return httpProblem('unsupported_media_type', message, { cause: error })
    default:
      return httpProblem('malformed_request', message, { cause: error })
  }
}

/** An error of Fastify (`FST_...`), or one that says itself that it may be shown, of the files' plugin. */
function isRefusal(error: unknown): error is Error & { statusCode: number } {
  if (!(error instanceof Error) || !('statusCode' in error)) return false
  const { statusCode: status } = error
  if (typeof status !== 'number' || status < 400 || status >= 500) return false
  const fromFastify = 'code' in error && String(error.code).startsWith('FST_')
  return fromFastify || ('expose' in error && error.expose === true)
}
