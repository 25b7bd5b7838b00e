import { isUtf8 } from 'node:buffer'
import { type Checks, checkOptions } from '../options/check.ts'
import { anyText, oneOf, wholeBetween } from '../options/kinds.ts'
import { decodeJson } from '../protocol/json.ts'
import { marked, unmarked } from '../protocol/lookalikes.ts'
import { isRecord } from '../protocol/shape.ts'
import { type DeadLetter, type DeadLetterQuery, deathReasons } from './dead-letter-store.ts'
import { encodeMended } from './mended-json.ts'

/** As it is written: the body as text. */
type Written = Omit<DeadLetter, 'message'> & {
  message: Omit<DeadLetter['message'], 'body'> & { body: string; encoding: 'utf8' | 'base64' }
}

/** A letter as JSON that people can read, with a body that is not text in base64. */
export function encodeLetter(letter: DeadLetter): string {
  const { body, headers, ...message } = letter.message
  const encoding = isUtf8(body) ? 'utf8' : 'base64'
  const { id, reason, ...rest } = letter
  // PostgreSQL looks for the first "reason" in the text.
  const written: Written = {
    id,
    reason,
    ...rest,
    message: { ...message, headers: recordOf(marked(headers)), body: body.toString(encoding), encoding },
  }
  // An error's message that was cut in the middle of a character must not keep the letter from being kept.
  return encodeMended(written, 'letter')
}

/** Undefined for what is not one of our letters. */
export function decodeLetter(text: string): DeadLetter | undefined {
  try {
    const letter = decodeJson(text) as Written
    const { id, diedAt, taskId, task, error } = letter
    if (typeof id !== 'string' || typeof diedAt !== 'string') return undefined
    const { body, encoding, headers, ...message } = letter.message
    return {
      ...letter,
      // JSON has no undefined: what was is left out.
      taskId,
      task,
      error: { ...error, traceback: error.traceback },
      message: { ...message, headers: recordOf(unmarked(headers)), body: Buffer.from(body, encoding) },
    }
  } catch {
    return undefined
  }
}

function recordOf(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {}
}

/** A place in the order of deaths, which is that of the text: a page begins behind the last one's whatever was removed. */
export function letterCursor({ diedAt, id }: DeadLetter): string {
  return `${new Date(diedAt).toISOString()}/${id}`
}

/** Undefined for what is no cursor. */
export function readCursor(cursor: string): { diedAt: string; id: string } | undefined {
  const [, diedAt, id] = /^([^/]+Z)\/(.+)$/s.exec(cursor) ?? []
  if (diedAt === undefined || id === undefined || Number.isNaN(Date.parse(diedAt))) return undefined
  return { diedAt, id }
}

const queryChecks: Checks<DeadLetterQuery> = {
  limit: wholeBetween(1, 1_000),
  after: {
    expected: 'the `next` of the page before',
    fits: (value) => typeof value === 'string' && readCursor(value) !== undefined,
  },
  task: anyText,
  queue: anyText,
  reason: oneOf(...deathReasons),
}

/** @throws CeleryError `BAD_OPTION`, naming the option */
export function checkQuery(query: DeadLetterQuery): void {
  checkOptions(query, queryChecks, 'a query of dead letters')
}

/** Whether it is one of those that the query asks for, on whichever page. */
export function isAskedFor(letter: DeadLetter, { task, queue, reason }: DeadLetterQuery): boolean {
  return (
    (task === undefined || letter.task === task) &&
    (queue === undefined || letter.queue === queue) &&
    (reason === undefined || letter.reason === reason)
  )
}

/**
 * How many letters a page has.
 * @throws CeleryError `BAD_OPTION` for a query that makes no sense
 */
export function pageLimit(query: DeadLetterQuery): number {
  checkQuery(query)
  return query.limit ?? 50
}
