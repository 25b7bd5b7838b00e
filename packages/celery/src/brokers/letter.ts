import { isUtf8 } from 'node:buffer'
import { CeleryError } from '../errors.ts'
import { decodeJson, encodeJson } from '../protocol/json.ts'
import { isRecord } from '../protocol/shape.ts'
import type { DeadLetter, DeadLetterQuery } from './dead-letter-store.ts'

/** As it is written: the body as text. */
type Written = Omit<DeadLetter, 'message'> & {
  message: Omit<DeadLetter['message'], 'body'> & { body: string; encoding: 'utf8' | 'base64' }
}

/** A letter as JSON that people can read, with a body that is not text in base64. */
export function encodeLetter(letter: DeadLetter): string {
  const { body, ...message } = letter.message
  const encoding = isUtf8(body) ? 'utf8' : 'base64'
  const { id, reason, ...rest } = letter
  // PostgreSQL looks for the first "reason" in the text.
  const written: Written = {
    id,
    reason,
    ...rest,
    message: { ...message, body: body.toString(encoding), encoding },
  }
  try {
    return encodeJson(written, 'letter')
  } catch (error) {
    if (!(error instanceof CeleryError)) throw error
    // An error's message that was cut in the middle of a character must not keep the letter from being kept.
    return encodeJson(wellFormed(written), 'letter')
  }
}

/** Undefined for what is not one of our letters. */
export function decodeLetter(text: string): DeadLetter | undefined {
  try {
    const letter = decodeJson(text) as Written
    const { id, diedAt, taskId, task, error } = letter
    if (typeof id !== 'string' || typeof diedAt !== 'string') return undefined
    const { body, encoding, ...message } = letter.message
    return {
      ...letter,
      // JSON has no undefined: what was is left out.
      taskId,
      task,
      error: { ...error, traceback: error.traceback },
      message: { ...message, body: Buffer.from(body, encoding) },
    }
  } catch {
    return undefined
  }
}

/** A place in the order of deaths, which is that of the text: a page begins behind the last one's whatever was removed. */
export function letterCursor({ diedAt, id }: DeadLetter): string {
  return `${new Date(diedAt).toISOString()}/${id}`
}

/** @throws CeleryError `BAD_OPTION` for what is no cursor */
export function readCursor(cursor: string): { diedAt: string; id: string } {
  const [, diedAt, id] = /^([^/]+Z)\/(.+)$/s.exec(cursor) ?? []
  if (diedAt === undefined || id === undefined || Number.isNaN(Date.parse(diedAt)))
    throw new CeleryError('BAD_OPTION', 'after must be the `next` of the page before.')
  return { diedAt, id }
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
 * @throws CeleryError `BAD_OPTION` when that or `after` is none
 */
export function pageLimit({ limit = 50, after }: DeadLetterQuery): number {
  if (after !== undefined) readCursor(after)
  if (Number.isInteger(limit) && limit >= 1 && limit <= 1_000) return limit
  throw new CeleryError('BAD_OPTION', `limit must be a whole number from 1 to 1,000, not ${limit}.`)
}

function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed()
  if (Array.isArray(value)) return value.map(wellFormed)
  if (!isRecord(value) || Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key.toWellFormed(), wellFormed(item)]),
  )
}
