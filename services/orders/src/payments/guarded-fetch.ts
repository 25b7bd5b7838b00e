import { currentContext, type Logger } from '@colophon/runtime'
import { createCallGuard, NotCalled } from './call-guard.ts'
import { PaymentError } from './port.ts'

export interface GuardOptions {
  /** Where the provider is, perhaps below a path; a function where that is known only once it has started. */
  url: string | (() => string)
  /** The bearer key it knows the shop by. */
  key?: string | undefined
  /** How long a call may take, with its wait for others, in milliseconds; 10,000. */
  timeoutMs?: number
  /** Calls at once; 32. */
  concurrency?: number
  /** Calls that may wait for their turn; 500. */
  queue?: number
  /** After so many calls in a row that were not answered, none is made for so many milliseconds; 5 and 5,000. */
  breaker?: { failures: number; pauseMs: number }
  /** Told when the provider is not asked for a while, and when it is there again. */
  log?: Pick<Logger, 'info' | 'warn'>
}

export interface ProviderRequest {
  method: 'GET' | 'POST'
  /** Within what the provider's URL names, with the query. */
  path: string
  idempotencyKey?: string
  body?: object
}

/** What the provider has answered: 2xx, or that it will not, for ever or for now. */
export interface ProviderAnswer {
  status: number
  /** Whether it says to come again later, with Retry-After. */
  isForNow: boolean
  /** Undefined when it was not JSON. */
  body: unknown
}

export interface GuardedFetch {
  /** @throws PaymentError unknown, when there was no answer in time, or one that says nothing */
  send(request: ProviderRequest): Promise<ProviderAnswer>
  /** Gives up what is under way. */
  close(): void
}

/** More than any answer of a provider has. */
const maxAnswerBytes = 262_144

/** Answers that say to ask again: not in time, too early, too often. */
const askAgain = [408, 425, 429]

/**
 * Calls to the provider with a deadline, a bound on how many there are at once and wait, and a pause for a provider
 * that answers nothing. What an error says holds neither the key nor anything that was sent.
 */
export function createGuardedFetch(options: GuardOptions): GuardedFetch {
  const { timeoutMs = 10_000, concurrency = 32, queue = 500 } = options
  const { breaker = { failures: 5, pauseMs: 5_000 }, log } = options
  const closing = new AbortController()
  const guard = createCallGuard({ concurrency, queue, breaker, log })

  async function send(request: ProviderRequest): Promise<ProviderAnswer> {
    const deadline = AbortSignal.any([AbortSignal.timeout(timeoutMs), closing.signal])
    const whyOf = (error: unknown) => {
      const isLate = deadline.aborted && !closing.signal.aborted && !(error instanceof NotCalled)
      return isLate ? `no answer within ${timeoutMs} ms` : failureOf(error)
    }
    const call = (signal: AbortSignal) =>
      exchange(options, request, signal).catch((error: unknown) => {
        throw new NoAnswer(whyOf(error))
      })
    try {
      return await guard.call(call, deadline)
    } catch (error) {
      throw new PaymentError('unknown', `the payment provider: ${whyOf(error)}`)
    }
  }

  return {
    send,
    close() {
      guard.close()
      closing.abort()
    },
  }
}

async function exchange(
  { url, key }: GuardOptions,
  { method, path, idempotencyKey, body }: ProviderRequest,
  signal: AbortSignal,
): Promise<ProviderAnswer> {
  const traceparent = currentContext()?.traceparent
  const base = typeof url === 'string' ? url : url()
  const response = await fetch(`${base.replace(/\/+$/, '')}${path}`, {
    method,
    headers: {
      accept: 'application/json',
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(traceparent !== undefined && { traceparent }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    redirect: 'manual',
    signal,
  })
  const { status, headers } = response
  const text = await readText(response)
  if (status >= 500 || askAgain.includes(status)) throw new NoAnswer(`it answered ${status}`)
  return { status, isForNow: headers.has('retry-after'), body: parsed(text) }
}

/** An answer that says nothing of the request, or that cannot be read. */
class NoAnswer extends Error {}

async function readText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body ?? []) {
    size += chunk.length
    if (size > maxAnswerBytes) throw new NoAnswer(`its answer has more than ${maxAnswerBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What failed, and nothing of what was sent: messages of the HTTP client may repeat headers and URLs. */
function failureOf(error: unknown): string {
  if (error instanceof NoAnswer || error instanceof NotCalled) return error.message
  const cause = error instanceof Error ? error.cause : undefined
  const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : ''
  return `the call failed${code}`
}
