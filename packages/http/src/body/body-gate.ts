import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest, RequestPayload } from 'fastify'
import type { HttpLimits } from '../limits/limits.ts'
import { httpProblem } from '../problems/http-problems.ts'
import type { App } from '../routes/app.ts'
import { csvType, jsonTypes, type Route, takesBody } from '../routes/route.ts'
import { parseJson } from './json.ts'
import { bodyTooLarge, readBody } from './read-body.ts'

/**
 * The `preParsing` hook of a route with a body: refuses by the headers alone what would be read in vain, and only
 * then asks a client that waits (`Expect: 100-continue`) to send it.
 */
export function createBodyGate(route: Route, awaitsContinue: WeakSet<IncomingMessage>) {
  return (
    request: FastifyRequest,
    reply: FastifyReply,
    payload: RequestPayload,
    done: (error: Error | null, payload?: RequestPayload) => void,
  ): void => {
    const { raw } = request
    if (!takesBody(request.method) || !hasBody(raw)) {
      if (route.bodyRequired) throw bodyRequired(route)
      done(null, payload)
      return
    }
    refuseOtherTypes(raw, route)
    if (Number(raw.headers['content-length'] ?? 0) > route.bodyBytes) throw bodyTooLarge(route.bodyBytes)
    if (awaitsContinue.has(raw)) reply.raw.writeContinue()
    done(null, payload)
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length']
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
}

function bodyRequired({ consumes }: Route) {
  return httpProblem('body_required', `send a body of the type ${consumes.join(' or ')}`)
}

function refuseOtherTypes({ headers }: IncomingMessage, { consumes }: Route): void {
  const [type = '', ...parameters] = (headers['content-type'] ?? '').toLowerCase().split(';')
  const charset = parameters
    .map((parameter) => /^\s*charset="?([^"]*)"?\s*$/.exec(parameter)?.[1])
    .find(Boolean)
  const encoding = headers['content-encoding']
  const known = consumes.includes(type.trim())
  if (known && (charset === undefined || charset === 'utf-8') && (encoding ?? 'identity') === 'identity')
    return
  const given = headers['content-type'] ?? 'no content-type'
  const encoded = encoding === undefined ? '' : ` in the encoding ${encoding}`
  throw httpProblem(
    'unsupported_media_type',
    `the body is ${given}${encoded}: send ${consumes.join(' or ')} in UTF-8, not compressed`,
  )
}

/** Reads bodies in place of Fastify's own parsers: JSON as its value, a table as its bytes. */
export function addBodyParsers(app: App, limits: HttpLimits): void {
  app.removeAllContentTypeParsers()
  const read = (request: FastifyRequest, payload: Readable) => readWhole(request, payload, limits)
  app.addContentTypeParser([...jsonTypes], async (request: FastifyRequest, payload: Readable) => {
    const bytes = await read(request, payload)
    if (bytes === undefined || request.state.route?.rawBody) return bytes
    const { value, problems } = parseJson(bytes, limits)
    request.state.bodyProblems = problems
    return value
  })
  app.addContentTypeParser(csvType, read)
}

/** The bytes of a body, undefined for none where none is needed. */
async function readWhole(
  { state: { route } }: FastifyRequest,
  payload: Readable,
  limits: HttpLimits,
): Promise<Buffer | undefined> {
  const bodyBytes = route?.bodyBytes ?? limits.bodyBytes
  const bytes = await readBody(payload, { bodyBytes, bodyMs: limits.bodyMs })
  if (bytes.length > 0) return bytes
  if (route?.bodyRequired) throw bodyRequired(route)
  return undefined
}
