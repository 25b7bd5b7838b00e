import type { WorkContext } from '@colophon/runtime'
import type { FieldProblem } from './problems.ts'
import type { Route } from './route.ts'

/** What the server itself keeps of a request while it is answered. */
export interface RequestState {
  context: WorkContext
  /** Undefined until a route is entered: for ever when none matches. */
  route?: Route
  /** What reading the body found, to be reported together with what the schema finds. */
  bodyProblems: readonly FieldProblem[]
  /** Whether it counts as in flight. */
  counted: boolean
  /** Whether its connection has closed or its answer has been sent. */
  ended: boolean
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The server's own; undefined only for a request whose URL could not be read. */
    state: RequestState
  }
}
