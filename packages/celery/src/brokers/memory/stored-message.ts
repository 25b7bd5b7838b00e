import { CeleryError } from '../../errors.ts'
import type { WireMessage } from '../../protocol/message.ts'

/** A message in the memory of this process, with what the broker knows of it. */
export interface StoredMessage {
  readonly message: WireMessage
  readonly exchange: string
  readonly routingKey: string
  /** Milliseconds since 1970 after which it is dropped unread. */
  readonly expiresAt: number | undefined
  /** Its place among those of its priority, given when it is put into a queue first. */
  order: number
  redelivered: boolean
  /** How often it was begun and never settled. */
  starts: number
}

export function storeMessage(
  message: WireMessage,
  exchange: string,
  routingKey: string,
  now: number,
): StoredMessage {
  const { expiration } = message.properties
  return {
    message: copyMessage(message),
    exchange,
    routingKey,
    expiresAt: expiration === undefined ? undefined : now + Number(expiration),
    order: 0,
    redelivered: false,
    starts: 0,
  }
}

/** As a network does, so that what one side changes later is not changed for the other. */
export function copyMessage({ headers, properties, body }: WireMessage): WireMessage {
  return { headers: copyHeaders(headers), properties: { ...properties }, body: Buffer.from(body) }
}

export function copyHeaders(headers: Record<string, unknown>): Record<string, unknown> {
  try {
    return structuredClone(headers)
  } catch (cause) {
    throw new CeleryError('BAD_VALUE', 'A header holds something that cannot be sent; use plain data.', {
      cause,
    })
  }
}
