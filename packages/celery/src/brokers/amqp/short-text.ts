import { CeleryError } from '../../errors.ts'

/** Bytes of a name on the wire: AMQP writes its length as one. */
const mostBytes = 255
/** UTF-8 has at most three bytes for what is one in `length`. */
const surelyFits = mostBytes / 3

/**
 * Names of queues and exchanges, routing keys, and keys of headers and arguments. amqplib would throw as it encodes one
 * that is too long, on a channel that is of no use after that.
 * @throws CeleryError `BAD_VALUE`
 */
export function checkShort(what: string, text: string): void {
  if (text.length <= surelyFits) return
  const bytes = Buffer.byteLength(text)
  if (bytes <= mostBytes) return
  throw new CeleryError(
    'BAD_VALUE',
    `${what} ${text.slice(0, 40).toWellFormed()}… has ${bytes} bytes, and AMQP takes ${mostBytes} at most: give it a shorter name.`,
  )
}

/** @throws CeleryError `BAD_VALUE` */
export function checkPlace(exchange: string, routingKey: string): void {
  checkShort('The exchange', exchange)
  checkShort('The routing key', routingKey)
}
