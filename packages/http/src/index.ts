export { type Access, anyOf, type Identifier, type Identity } from './access.ts'
export type { App, RouteInfo, RoutePlugin } from './app.ts'
export { etagOf, requireMatch, sendVersioned } from './conditional.ts'
export {
  type CursorKeys,
  type CursorShape,
  decodeCursor,
  encodeCursor,
  invalidCursor,
  type KeysOf,
} from './cursors.ts'
export { isUuid } from './formats.ts'
export { httpProblem } from './http-problems.ts'
export { defaultLimits, type HttpLimits } from './limits.ts'
export { mergePatch } from './merge-patch.ts'
export { createOpsServer, type OpsServer, type OpsServerOptions } from './ops-server.ts'
export {
  defineProblems,
  type FieldProblem,
  Problem,
  type ProblemOptions,
  type ProblemTable,
  type ProblemType,
  problems,
} from './problems.ts'
export { createRateLimiter, type RateLimiter, type RateRule, type RateVerdict } from './rate-limit.ts'
export { clientKey } from './rates.ts'
export type { Readiness } from './readiness.ts'
export { day, line, nullable, page, pageQuery, paragraphs, timestamp, uuid } from './schemas.ts'
export { createHttpServer, type HttpServer, type HttpServerOptions } from './server.ts'
export { clearSessionCookie, sessionCookie, setSessionCookie } from './session-cookie.ts'
export { createTokenVerifier, type TokenVerifierOptions } from './tokens.ts'
export { createCheck } from './validation.ts'
export { addVary } from './vary.ts'
