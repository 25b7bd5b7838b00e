import type { FastifyRequest } from 'fastify'
import { httpProblem } from '../problems/http-problems.ts'

type Headers = Pick<FastifyRequest, 'headers'>

/**
 * The entity tag of a version (RFC 9110, section 8.8.3): `"7"`, which names the bytes of its answer as they are. When
 * they are compressed it is sent as the weak `W/"7"`, since a strong one may name one sequence of bytes only. A write
 * is about the version and not about bytes: `If-Match` takes both, where the letter of RFC 9110 (section 13.1.1) would
 * have the weak one match nothing and whoever reads compressed answers could not write.
 */
export function etagOf(version: number): string {
  return `"${version}"`
}

/** The first of a list of entity tags that is this one, weak or strong; this one when the list is `*`. */
function findTag(list: string, etag: string): string | undefined {
  const opaque = etag.replace(/^W\//, '')
  const tags = list.split(',').map((item) => item.trim())
  return tags.includes('*') ? etag : tags.find((tag) => tag === opaque || tag === `W/${opaque}`)
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
  if (findTag(wanted, etag) === undefined) {
    const detail = `If-Match is ${wanted} and the current version is ${etag}: read it again, then send the change`
    throw httpProblem('precondition_failed', detail, { headers: { etag } })
  }
}

type Reply = { header(name: string, value: string): unknown; code(status: number): unknown }

/** What a GET of something with a version returns: sets its ETag, and 304 when the client has that version. */
export function sendVersioned<T>(request: Headers, reply: Reply, version: number, body: T): T {
  sendTagged(request, reply, etagOf(version))
  return body
}

/**
 * Sets an answer's ETag, and 304 when If-None-Match has it. A 304 has the tag of the 200 in its place (RFC 9110,
 * section 15.4.5), or a cache would not take it for the answer that it keeps: that is the weak one for a client that
 * has the weak one and takes compressed answers.
 */
export function sendTagged({ headers }: Headers, reply: Reply, etag: string): void {
  const known = findTag(headers['if-none-match'] ?? '', etag)
  const takesCompressed = headers['accept-encoding'] !== undefined
  reply.header('etag', takesCompressed && known?.startsWith('W/') ? known : etag)
  if (known !== undefined) reply.code(304)
}
