import type { FastifyRequest } from 'fastify'
import { httpProblem } from './http-problems.ts'

type Headers = Pick<FastifyRequest, 'headers'>

/** The entity tag of a version (RFC 9110, section 8.8.3): `"7"`. */
export function etagOf(version: number): string {
  return `"${version}"`
}

/** Whether a list of entity tags, or `*`, has this one; weak tags count, since proxies that compress weaken them. */
export function matchesTag(list: string, etag: string): boolean {
  const opaque = etag.replace(/^W\//, '')
  return list.split(',').some((item) => {
    const tag = item.trim()
    return tag === '*' || tag === opaque || tag === `W/${opaque}`
  })
}

/**
 * Lets a write through only when the client has seen the current version.
 * @throws Problem `precondition_required` without If-Match, `precondition_failed` (with the current ETag) for a
 * stale one.
 */
export function requireMatch(request: Headers, version: number): void {
  const wanted = request.headers['if-match']
  const etag = etagOf(version)
  if (wanted === undefined) {
    throw httpProblem('precondition_required', `send If-Match with the ETag that was read, such as ${etag}`)
  }
  if (!matchesTag(wanted, etag)) {
    const detail = `If-Match is ${wanted} and the current version is ${etag}: read it again, then send the change`
    throw httpProblem('precondition_failed', detail, { headers: { etag } })
  }
}

/** What a GET of something with a version returns: sets its ETag, and 304 when the client has that version. */
export function sendVersioned<T>(
  request: Headers,
  reply: { header(name: string, value: string): unknown; code(status: number): unknown },
  version: number,
  body: T,
): T {
  const etag = etagOf(version)
  reply.header('etag', etag)
  const known = request.headers['if-none-match']
  if (known !== undefined && matchesTag(known, etag)) reply.code(304)
  return body
}
