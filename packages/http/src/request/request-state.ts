import type { WorkContext } from '@colophon/runtime'
import type { Place } from '../limits/load.ts'
import type { FieldProblem } from '../problems/problem.ts'
import type { Route } from '../routes/route.ts'

/** What the server itself keeps of a request while it is answered. */
export interface RequestState {
  readonly context: WorkContext
  /** Undefined until a route is entered: for ever when none matches. */
  route?: Route
  /** What reading the body found, to be reported together with what the schema finds. */
  bodyProblems: readonly FieldProblem[]
  /** Undefined until it is let in, and for a health route and what no route takes: those do not count. */
  place?: Place
  /** Since when it is answered by a stream of events, by the clock of `performance`. */
  streamsSince?: number
  /** Whether its connection has closed or its answer has been sent. */
  ended: boolean
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The server's own; undefined only for a request whose URL could not be read. */
    state: RequestState
  }
}
