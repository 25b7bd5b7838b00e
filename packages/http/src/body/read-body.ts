import type { Readable } from 'node:stream'
import { httpProblem } from '../problems/http-problems.ts'

export interface BodyLimits {
  readonly bodyBytes: number
  /** How long the body may take to arrive, in milliseconds. */
  readonly bodyMs: number
}

// What is left of such a body is not read: the next request could not be told from it.
const closing = { headers: { connection: 'close' } }

/** The body goes over the limit of its route. */
export function bodyTooLarge(limit: number) {
  return httpProblem('body_too_large', `the body may have at most ${limit} bytes`, closing)
}

/**
 * Reads a whole body, and no more of it than the limit.
 * @throws Problem `body_too_large`, `request_timeout`, or `body_cut_off` when the client went away.
 */
export async function readBody(payload: Readable, limits: BodyLimits): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const chunks: Buffer[] = []
  let size = 0
  const onData = (chunk: Buffer) => {
    size += chunk.length
    if (size <= limits.bodyBytes) chunks.push(chunk)
    else reject(bodyTooLarge(limits.bodyBytes))
  }
  const onClose = () => reject(cutOff())
  // It closes before whoever waits for the end goes on.
  const onEnd = () => {
    payload.off('close', onClose)
    resolve()
  }
  const slow = `the body must arrive within ${limits.bodyMs} ms`
  const timer = setTimeout(() => reject(httpProblem('request_timeout', slow, closing)), limits.bodyMs)
  payload.on('data', onData).once('end', onEnd).once('close', onClose).once('error', onClose)
  try {
    await promise
    return Buffer.concat(chunks, size)
  } finally {
    clearTimeout(timer)
    payload.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose).pause()
  }
}

function cutOff() {
  return httpProblem('body_cut_off', 'the connection closed before the body was complete')
}
