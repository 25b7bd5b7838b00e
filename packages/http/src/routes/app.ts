import type {} from '@fastify/cookie'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { Access, Identity } from '../access/access.ts'

/** What routes are added to: Fastify whose handlers are typed by their TypeBox schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression<RawServerDefault>,
  RawReplyDefaultExpression<RawServerDefault>,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

/** The routes of a service, for `app.register`. */
export type RoutePlugin = (app: App) => void | Promise<void>

/** One route as it was declared. */
export interface RouteInfo {
  readonly method: string
  /** The template, such as `/api/books/:id`. */
  readonly url: string
  readonly access: Access
  /** The codes of problems it may answer beyond what HTTP itself refuses. */
  readonly problems: readonly string[]
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may use the route. A route that does not say stops the start, as one without a schema does. */
    access?: Access
    /** Codes of problems the route may answer, for the documentation. */
    problems?: readonly string[]
    /** A health route: never shed, never rate limited, logged at debug. */
    isProbe?: boolean
    /**
     * The handler is given the bytes of a JSON body as they came (a `Buffer`), such as for a signature over them. The
     * schema then describes the body and checks nothing of it.
     */
    rawBody?: boolean
  }
  interface FastifyInstance {
    /**
     * Who may use the routes of this scope (`app.register`) that do not say it themselves, as those of a plugin from
     * elsewhere cannot. Set with `scope.decorate('scopeAccess', ...)`, and never for the whole app.
     */
    scopeAccess?: Access
    /** Whether browsers reach this server by HTTPS. */
    isPublicHttps: boolean
  }
  interface FastifyRequest {
    /** Who sent the request, or null. */
    identity: Identity | null
    /** Who sent the request. Throws Problem `unauthenticated` for nobody. */
    requireIdentity(): Identity
  }
}
