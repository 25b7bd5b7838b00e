import { CeleryError } from '../errors.ts'
import { decodeJson } from '../protocol/json.ts'
import type { WireMessage } from '../protocol/message.ts'

/** Bytes, as many as a task's message may have by default: 50,000 ids to revoke are 2 MB. */
const maxSize = 16 * 1_024 * 1_024

/** The JSON in an event, or in a request or reply of remote control; throws when it is none, or too large to be read. */
export function readCast({ body }: WireMessage): unknown {
  if (body.length > maxSize)
    throw new CeleryError('BAD_MESSAGE', `The body has ${body.length} bytes, and at most ${maxSize} are read`)
  return decodeJson(body.toString())
}
