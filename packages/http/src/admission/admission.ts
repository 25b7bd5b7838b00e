import type { FastifyReply, FastifyRequest } from 'fastify'
import { authorise, type Identifier, type Identity } from '../access/access.ts'
import { createIdentification } from '../access/identification.ts'
import { createOriginCheck, type OwnOrigins } from '../access/origin-check.ts'
import type { HttpLimits } from '../limits/limits.ts'
import type { Load, Overload } from '../limits/load.ts'
import { httpProblem } from '../problems/http-problems.ts'
import type { Route } from '../routes/route.ts'
import { clientKey, createRateCheck, type RateScope } from './rate-check.ts'

/** Counts who is not let in, and why. */
export interface RefusalCounts {
  shed(reason: Overload): void
  rateLimited(scope: RateScope): void
}

export interface AdmissionOptions extends OwnOrigins {
  readonly identify: Identifier
  readonly limits: HttpLimits
  readonly load: Load
  readonly refusals: RefusalCounts
  clock(): number
}

export interface Admission {
  /** For what matches no route: only load and the client's rate. Throws a Problem. */
  strangers(request: FastifyRequest, reply: FastifyReply): void
  /** The `onRequest` hook of a route, in order: load, the client's rate, who it is, the account's rate, may they. */
  hookOf(route: Route): (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void
}

/** Decides who gets in, before anything of a request is parsed. */
export function createAdmission(options: AdmissionOptions): Admission {
  const { limits, load, refusals, clock } = options
  const counting = { rateKeys: limits.rateKeys, clock, refused: refusals.rateLimited }
  const countClient = createRateCheck('client', limits.clientRate, counting)
  const countAccount = createRateCheck('account', limits.accountRate, counting)
  const identify = createIdentification(options.identify, createOriginCheck(options))

  function strangers(request: FastifyRequest, reply: FastifyReply): void {
    refuseOverload(load, refusals)
    countClient(clientKey(request.ip), reply)
  }

  return {
    strangers,
    hookOf(route) {
      return (request, reply, done) => {
        const { state } = request
        state.route = route
        if (route.isProbe) return done()
        strangers(request, reply)
        state.place = load.enter()
        const identifying = identify(request)
        if (!identifying) {
          authorise(route.access, null)
          return done()
        }
        state.place.keepFor(identifying)
        const admit = (identity: Identity | null) => {
          request.identity = identity
          if (identity) countAccount(identity.accountId, reply)
          authorise(route.access, identity)
        }
        const proceed = () => {
          // Not for a client that went away meanwhile.
          if (!state.ended) done()
        }
        identifying.then(admit).then(proceed, done)
      }
    },
  }
}

function refuseOverload(load: Load, refusals: RefusalCounts): void {
  const overload = load.overload()
  if (!overload) return
  refusals.shed(overload)
  throw httpProblem('overloaded', 'the server has all it can do: try again in a second', {
    headers: { 'retry-after': '1' },
  })
}
