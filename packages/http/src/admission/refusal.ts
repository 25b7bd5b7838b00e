import type { IncomingMessage } from 'node:http'
import type { HttpLimits } from '../limits/limits.ts'
import { httpProblem } from '../problems/http-problems.ts'
import type { Problem } from '../problems/problem.ts'

/** Why a request that the parser has let through is not looked at any further. */
export function refusalOf(request: IncomingMessage, limits: HttpLimits): Problem | undefined {
  const { url = '', rawHeaders, headers, httpVersion } = request
  if (url.length > limits.urlBytes) {
    return httpProblem('uri_too_long', `the URL may have at most ${limits.urlBytes} bytes`)
  }
  if (rawHeaders.length / 2 > limits.headerCount) {
    return httpProblem('headers_too_large', `there may be at most ${limits.headerCount} headers`)
  }
  if (httpVersion !== '1.0' && (headers.host === undefined || countHosts(rawHeaders) > 1)) {
    return httpProblem('malformed_request', 'HTTP/1.1 needs one Host header')
  }
  return hasReadableQuery(url) ? undefined : malformedUrl()
}

/** Of several the parser gives the first, and whoever is in front may have gone by another (RFC 9112, section 3.2). */
function countHosts(rawHeaders: readonly string[]): number {
  return rawHeaders.filter((text, index) => index % 2 === 0 && text.length === 4 && /host/i.test(text)).length
}

/** The URL has percent-encoding that does not decode. */
export function malformedUrl(): Problem {
  return httpProblem(
    'malformed_url',
    'every % in the URL must begin an encoded byte, and the bytes must be UTF-8',
  )
}

/** The path has been decoded by the router, whose query parser passes on what it cannot decode. */
function hasReadableQuery(url: string): boolean {
  const start = url.indexOf('?')
  if (start === -1 || !url.includes('%', start)) return true
  try {
    decodeURIComponent(url.slice(start))
    return true
  } catch {
    // A URIError is the answer: it does not decode.
    return false
  }
}
