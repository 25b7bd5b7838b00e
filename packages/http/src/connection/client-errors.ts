import { randomUUIDv7 } from 'node:crypto'
import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Logger } from '@colophon/runtime'
import { httpProblem } from '../problems/http-problems.ts'
import type { Problem } from '../problems/problem.ts'
import { problemBody, problemType } from '../problems/problem-answer.ts'

/** Answers what the HTTP parser refuses before there is a request: on the socket, which is then closed. */
export function createClientErrorHandler(logger: Logger) {
  return (error: NodeJS.ErrnoException, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || !socket.writable || hasBegunAnswer(socket)) {
      socket.destroy()
      return
    }
    const requestId = randomUUIDv7()
    const problem = parserProblem(error)
    logger.debug(
      { err: error, requestId, remoteAddress: socket.remoteAddress },
      'a request could not be read',
    )
    writeProblem(socket, problem, requestId)
  }
}

/** Writes a whole answer on a socket that no response belongs to, and closes it. */
export function writeProblem(socket: Duplex, problem: Problem, requestId: string): void {
  const body = JSON.stringify(problemBody(problem, { instance: '', requestId }))
  const headers = {
    'content-type': problemType,
    'content-length': Buffer.byteLength(body),
    'x-request-id': requestId,
    'cache-control': 'no-store',
    connection: 'close',
    ...problem.headers,
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const status = `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n`
  socket.once('error', () => socket.destroy())
  socket.end(`${status}${lines.join('')}\r\n${body}`, () => socket.destroy())
}

function parserProblem(error: NodeJS.ErrnoException): Problem {
  switch (error.code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return httpProblem('request_timeout', 'the request must arrive faster')
    case 'HPE_HEADER_OVERFLOW':
      return httpProblem('headers_too_large', 'the URL and the headers together are too large')
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return httpProblem('body_too_large', "the chunks' extensions are too large")
    default:
      return httpProblem('malformed_request', 'the request could not be read as HTTP/1.1')
  }
}

/** Node keeps the response that a socket is busy with there, and has no other way to ask. */
function hasBegunAnswer(socket: Socket & { _httpMessage?: ServerResponse | null }): boolean {
  return socket._httpMessage?.headersSent === true
}
