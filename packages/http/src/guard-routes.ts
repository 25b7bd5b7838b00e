import type { IncomingMessage } from 'node:http'
import type { FastifyRequest, RouteHandlerMethod, RouteOptions } from 'fastify'
import type { Access } from './access/access.ts'
import type { Admission } from './admission/admission.ts'
import { createBodyGate } from './body/body-gate.ts'
import type { HttpLimits } from './limits/limits.ts'
import type { ProblemTable } from './problems/problem.ts'
import type { App } from './routes/app.ts'
import { declareRoutes, mergePatchType, type Route, takesBody } from './routes/route.ts'
import { compileCheck, refuseWrongFields } from './validation/check.ts'

export interface GuardOptions {
  readonly admission: Admission
  readonly limits: HttpLimits
  readonly table: ProblemTable
  /** Requests whose client waits to be asked for the body. */
  readonly awaitsContinue: WeakSet<IncomingMessage>
}

/**
 * Puts admission, the gate of the body and validation before every route that is added from now on. A route that
 * cannot be used stops the start: it is not thrown where it is added, since Fastify loses what a plugin throws.
 * @returns the routes, which grow as they are added
 */
export function guardRoutes(app: App, options: GuardOptions): readonly Route[] {
  const routes: Route[] = []
  const failures: unknown[] = []
  app.addHook('onRoute', function declare(declaration) {
    try {
      routes.push(...guard(declaration, this.scopeAccess, options))
    } catch (error) {
      failures.push(error)
    }
  })
  app.addHook('onReady', async () => {
    if (failures.length > 0) throw failures[0]
  })
  return routes
}

function guard(
  declaration: RouteOptions,
  scopeAccess: Access | undefined,
  options: GuardOptions,
): readonly Route[] {
  const declared = declareRoutes(declaration, scopeAccess, options)
  const [route] = declared
  if (!route) return []
  declaration.onRequest = [options.admission.hookOf(route), ...[declaration.onRequest ?? []].flat()]
  if (declared.some(({ method }) => takesBody(method))) {
    const gate = createBodyGate(route, options.awaitsContinue)
    declaration.preParsing = [gate, ...[declaration.preParsing ?? []].flat()]
  }
  addValidation(declaration, route)
  declaration.handler = countedHandler(declaration.handler)
  return declared
}

/** A handler that has its request counted as in flight until it settles, whether or not its client still waits. */
function countedHandler(handler: RouteHandlerMethod): RouteHandlerMethod {
  return function counted(request, reply) {
    const result: unknown = handler.call(this, request, reply)
    if (result instanceof Promise) request.state.place?.keepFor(result)
    return result
  }
}

/** Fastify's own validation stops at the first part of a request that is wrong; this reports all of them. */
function addValidation(declaration: RouteOptions, route: Route): void {
  const check = compileChecked(route)
  declaration.validatorCompiler = () => () => true
  const validate = (request: FastifyRequest, _: unknown, done: () => void) => {
    refuseWrongFields([...request.state.bodyProblems, ...check(request)])
    done()
  }
  declaration.preValidation = [validate, ...[declaration.preValidation ?? []].flat()]
}

function compileChecked({ schema, method, url, hidden, consumes, rawBody }: Route) {
  try {
    return compileCheck(rawBody ? { ...schema, body: undefined } : schema, {
      isMergePatch: consumes.includes(mergePatchType),
      // The documentation's own pages may get any.
      refuseUnknownQuery: !hidden,
      refuseUnknownBody: takesBody(method) && schema.consumes === undefined && !rawBody,
    })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`the schema of ${method} ${url} cannot be used: ${why}`, { cause })
  }
}
