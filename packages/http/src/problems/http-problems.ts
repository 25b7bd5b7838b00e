import { defineProblems, problems } from './problem.ts'

/** What HTTP itself refuses, whatever the service. */
export const httpProblems = defineProblems({
  validation_failed: { status: 400, title: 'The request does not match the schema' },
  malformed_json: { status: 400, title: 'The body is not JSON' },
  body_not_utf8: { status: 400, title: 'The body is not UTF-8' },
  body_required: { status: 400, title: 'The request needs a body' },
  body_cut_off: { status: 400, title: 'The body ended before it was complete' },
  body_too_complex: { status: 400, title: 'The body is nested too deeply or holds too many values' },
  malformed_request: { status: 400, title: 'The request is not valid HTTP' },
  malformed_url: { status: 400, title: 'The URL is not valid' },
  invalid_cursor: { status: 400, title: 'The cursor is not one of this list' },
  unauthenticated: { status: 401, title: 'Sign in first' },
  invalid_token: { status: 401, title: 'The access token is not valid' },
  forbidden: { status: 403, title: 'Not allowed for this account' },
  origin_refused: { status: 403, title: 'The request comes from another site' },
  not_found: { status: 404, title: 'Nothing is here' },
  method_not_allowed: { status: 405, title: 'The method is not allowed here' },
  request_timeout: { status: 408, title: 'The request took too long to arrive', retryable: true },
  precondition_failed: { status: 412, title: 'It was changed by somebody else since it was read' },
  body_too_large: { status: 413, title: 'The body is too large' },
  uri_too_long: { status: 414, title: 'The URL is too long' },
  unsupported_media_type: { status: 415, title: 'The body is of a type that is not read here' },
  precondition_required: { status: 428, title: 'The request needs If-Match' },
  rate_limited: { status: 429, title: 'Too many requests', retryable: true },
  headers_too_large: { status: 431, title: 'The headers are too large or too many' },
  internal_error: { status: 500, title: 'Something went wrong here', retryable: true },
  overloaded: { status: 503, title: 'Too busy at the moment', retryable: true },
  store_unavailable: { status: 503, title: 'A store this needs is not answering', retryable: true },
  timeout: { status: 503, title: 'It took too long and was given up', retryable: true },
})

/** Makes a problem of `httpProblems`. */
export const httpProblem = problems(httpProblems)
