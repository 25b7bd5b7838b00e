export { type Access, anyOf, type Identifier, type Identity } from './access/access.ts'
export { clearSessionCookie, sessionCookie, setSessionCookie } from './access/session-cookie.ts'
export { createTokenVerifier, type TokenVerifierOptions } from './access/token-verifier.ts'
export { clientKey } from './admission/rate-check.ts'
export { etagOf, requireMatch, sendVersioned } from './answers/conditional.ts'
export { prefersPage } from './answers/prefers-page.ts'
export {
  type EventSource,
  eventStream,
  lastEventId,
  type SendEventsOptions,
  type ServerEvent,
  sendEvents,
} from './answers/send-events.ts'
export { addVary } from './answers/vary.ts'
export { mergePatch } from './body/merge-patch.ts'
export { originOf } from './connection/listen.ts'
export {
  type CursorKeys,
  type CursorShape,
  decodeCursor,
  encodeCursor,
  type KeysOf,
} from './cursors.ts'
export { defaultLimits, type HttpLimits } from './limits/limits.ts'
export { createRateLimiter, type RateLimiter, type RateRule, type RateVerdict } from './limits/rate-limit.ts'
export { createOpsServer, type OpsServer, type OpsServerOptions } from './ops-server.ts'
export { httpProblem } from './problems/http-problems.ts'
export {
  defineProblems,
  type FieldProblem,
  Problem,
  type ProblemOptions,
  type ProblemTable,
  type ProblemType,
  problems,
} from './problems/problem.ts'
export type { App, RouteInfo, RoutePlugin } from './routes/app.ts'
export type { Readiness } from './routes/readiness.ts'
export { createHttpServer, type HttpServer, type HttpServerOptions } from './server.ts'
export { createCheck } from './validation/check.ts'
export { isUuid } from './validation/formats.ts'
export { isLine } from './validation/text.ts'
export { day, line, nullable, page, pageQuery, paragraphs, timestamp, uuid } from './validation/schemas.ts'
export { taskInput } from './validation/task-input.ts'
