import { STATUS_CODES } from 'node:http'
import type { httpProblems } from '../problems/http-problems.ts'
import { Problem, type ProblemTable } from '../problems/problem.ts'
import { problemBody, problemType } from '../problems/problem-answer.ts'
import { type Route, takesBody } from '../routes/route.ts'
import type { Json } from './components.ts'
import { ProblemSchema } from './problem-schema.ts'

type HttpCode = keyof typeof httpProblems

/**
 * The refusals of a route by status: its own, and those of HTTP that can happen to it. What is the same for many
 * routes is put into `shared` (`components.responses`) and referred to.
 */
export function problemResponses(route: Route, table: ProblemTable, shared: Json): Record<string, Json> {
  const codes = [...new Set([...route.problems, ...httpCodes(route)])].sort()
  const byStatus = Map.groupBy(codes, (code) => table[code]?.status ?? 500)
  const entries = [...byStatus].map(([status, group]) => {
    const response = describe(status, group, table)
    const own = group.some((code) => route.problems.includes(code))
    return [String(status), own ? response : share(status, response, shared)]
  })
  return Object.fromEntries(entries)
}

function httpCodes({ schema, access, method, isProbe }: Route): HttpCode[] {
  const { querystring, body } = schema
  // Any: parameters that a route does not know are refused too.
  const codes: HttpCode[] = ['validation_failed', 'malformed_url', 'uri_too_long', 'headers_too_large']
  if (hasCursor(querystring)) codes.push('invalid_cursor')
  if (body !== undefined) {
    codes.push('body_required', 'body_too_large', 'unsupported_media_type', 'request_timeout')
    codes.push('malformed_json', 'body_not_utf8', 'body_too_complex')
  }
  if (access !== 'public') codes.push('unauthenticated')
  if (typeof access === 'object') codes.push('forbidden')
  if (isProbe) return codes
  // Also where nobody needs to be known: a wrong token or a page of another site is a mistake.
  codes.push('invalid_token', 'rate_limited', 'internal_error', 'overloaded', 'store_unavailable', 'timeout')
  if (takesBody(method)) codes.push('origin_refused')
  return codes
}

function hasCursor(querystring: unknown): boolean {
  const { properties } = (querystring ?? {}) as { properties?: object }
  return properties !== undefined && 'cursor' in properties
}

function describe(status: number, codes: readonly string[], table: ProblemTable): Json {
  const lines = codes.map((code) => `\`${code}\`: ${table[code]?.title}`)
  const code = { type: 'string', enum: codes }
  return {
    description: `${STATUS_CODES[status]}\n\n${lines.join('\n\n')}`,
    ...(status === 429 || status === 503 ? { headers: { 'Retry-After': retryAfter } } : {}),
    content: {
      [problemType]: {
        schema: { allOf: [ProblemSchema, { type: 'object', properties: { code } }] },
        examples: Object.fromEntries(codes.map((name) => [name, { value: example(name, table) }])),
      },
    },
  }
}

const retryAfter = { description: 'Seconds to wait', schema: { type: 'integer', minimum: 0 } }

function example(code: string, table: ProblemTable): Json {
  const type = table[code]
  if (!type) throw new Error(`problem "${code}" is in no table`)
  const requestId = '0198c1f0-7a55-7c3e-9b5e-3f2a6d1c8e40'
  return problemBody(new Problem(code, type, type.title), { instance: '/api', requestId })
}

/** A reference to the response among the shared ones: `NotFound`, or `BadRequest2` for another set of codes. */
function share(status: number, response: Json, shared: Json): Json {
  const phrase = (STATUS_CODES[status] ?? String(status)).replace(/[^A-Za-z]/g, '')
  const text = JSON.stringify(response)
  let name = phrase
  for (let n = 2; shared[name] !== undefined && JSON.stringify(shared[name]) !== text; n++)
    name = `${phrase}${n}`
  shared[name] = response
  return { $ref: `#/components/responses/${name}` }
}
