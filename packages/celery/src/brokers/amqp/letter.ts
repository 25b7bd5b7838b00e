import { isUtf8 } from 'node:buffer'
import type { DeadLetter } from '../dead-letter-store.ts'

/** A letter as the body of a message: JSON that people can read, with a body that is not text in base64. */
export function encodeLetter(letter: DeadLetter): Buffer {
  const { body, ...message } = letter.message
  const isText = isUtf8(body)
  const written = {
    ...message,
    body: body.toString(isText ? 'utf8' : 'base64'),
    encoding: isText ? 'utf8' : 'base64',
  }
  return Buffer.from(JSON.stringify({ ...letter, message: written }))
}

/** Undefined for what is not one of our letters. */
export function decodeLetter(body: Buffer): DeadLetter | undefined {
  try {
    const { message, ...rest } = JSON.parse(body.toString())
    if (typeof rest.id !== 'string' || typeof rest.diedAt !== 'string') return undefined
    const { headers, properties, body: written, encoding } = message
    const content = Buffer.from(written, encoding === 'base64' ? 'base64' : 'utf8')
    const error = { type: rest.error.type, message: rest.error.message, traceback: rest.error.traceback }
    const letter: DeadLetter = {
      ...rest,
      taskId: rest.taskId,
      task: rest.task,
      error,
      message: { headers, properties, body: content },
    }
    return letter
  } catch {
    return undefined
  }
}

/** Orders letters by when they died. */
export function letterCursor({ diedAt, id }: DeadLetter): string {
  return `${new Date(diedAt).toISOString()}/${id}`
}
