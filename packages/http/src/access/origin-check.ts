import type { FastifyRequest } from 'fastify'
import { httpProblem } from '../problems/http-problems.ts'

const safeMethods: readonly string[] = ['GET', 'HEAD', 'OPTIONS']

export interface OwnOrigins {
  /** Where browsers see this server; when absent, the request's own Host counts. */
  readonly publicUrl?: string
  readonly corsOrigins: readonly string[]
}

/**
 * Lets a browser change things without a bearer token only for a page of our own, since it sends its cookies for
 * everybody's pages, and signs in for them.
 * @throws Problem `origin_refused`
 */
export function createOriginCheck({ publicUrl, corsOrigins }: OwnOrigins): (request: FastifyRequest) => void {
  const ownOrigin = publicUrl === undefined ? undefined : new URL(publicUrl).origin
  return (request) => {
    const { origin, 'sec-fetch-site': site } = request.headers
    if (safeMethods.includes(request.method)) return
    if (origin === undefined) {
      if (site === 'same-origin' || site === 'none') return
    } else if (isOwn(origin, request.host) || corsOrigins.includes(origin)) return
    const who = origin === undefined ? 'a session cookie without Origin' : `a page of ${origin}`
    const detail = `${who} may change nothing here: send a bearer token`
    throw httpProblem('origin_refused', detail)
  }

  function isOwn(origin: string, host: string): boolean {
    if (ownOrigin !== undefined) return origin === ownOrigin
    // Behind a proxy that ends TLS the scheme seen here is not the browser's.
    return URL.canParse(origin) && new URL(origin).host === host
  }
}
