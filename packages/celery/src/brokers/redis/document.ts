import { reasonOf } from '../../errors.ts'
import { decodeJson, encodeJson } from '../../protocol/json.ts'
import type { MessageProperties, WireMessage } from '../../protocol/message.ts'
import { isRecord } from '../../protocol/shape.ts'
import { encodeMended, type MendOptions } from '../mended-json.ts'
import { parseExact } from './exact-json.ts'

/** A message as it was taken from Redis. */
export interface Document {
  message: WireMessage
  exchange: string
  routingKey: string
  /** As it was found, where it is marked as redelivered: for taking off the mark. */
  marked: string | undefined
  /** Stays the same however often it is delivered. Undefined when whoever sent it gave none. */
  tag: string | undefined
  /** The properties as they stand in the document, for writing it again. */
  properties: Record<string, unknown>
}

/** Where a message was sent, and the tag that tells it from others. */
export interface Origin {
  exchange: string
  routingKey: string
  tag: string
}

/**
 * The JSON document that kombu makes of a message. Throws `BAD_VALUE` on a header that is no data, or that only looks
 * like a typed value; but one that was refused for such a header goes on with it.
 */
export function encodeDocument(message: WireMessage, origin: Origin): string {
  const { properties } = message
  // What is undefined is left out.
  const written = JSON.stringify({
    correlation_id: properties.correlationId,
    reply_to: properties.replyTo,
    expiration: properties.expiration,
    delivery_mode: properties.deliveryMode ?? 2,
    delivery_info: { exchange: origin.exchange, routing_key: origin.routingKey },
    priority: properties.priority ?? 0,
    body_encoding: 'base64',
    delivery_tag: origin.tag,
  })
  return write(message, written)
}

/** The same document as one that was never delivered; with other headers, if they are given. */
export function rewriteDocument(document: Document, headers?: Record<string, unknown>): string {
  const { message, properties, marked } = document
  const unmarked = headers === undefined && marked !== undefined ? withoutMark(marked) : undefined
  if (unmarked !== undefined) return unmarked
  const { redelivered: _, ...info } = recordOf(properties.delivery_info)
  const kept = { ...properties, delivery_info: info, body_encoding: 'base64' }
  const written = encodeMended(kept, 'properties', mendingOf(message))
  return write({ ...message, headers: headers ?? message.headers }, written)
}

/** Undefined for what only Python reads, such as NaN. */
function withoutMark(text: string): string | undefined {
  try {
    const document = recordOf(parseExact(text))
    delete recordOf(document.headers).redelivered
    delete recordOf(recordOf(document.properties).delivery_info).redelivered
    return JSON.stringify(document)
  } catch {
    return undefined
  }
}

function write(message: WireMessage, writtenProperties: string): string {
  const { body, headers, properties } = message
  const contentEncoding = JSON.stringify(properties.contentEncoding)
  const contentType = JSON.stringify(properties.contentType)
  const writtenHeaders = encodeMended(headers, 'headers', mendingOf(message))
  const start = `{"body": "${body.toString('base64')}", "content-encoding": ${contentEncoding}`
  return `${start}, "content-type": ${contentType}, "headers": ${writtenHeaders}, "properties": ${writtenProperties}}`
}

function mendingOf({ unreadable }: WireMessage): MendOptions {
  return { keepUnknown: unreadable !== undefined }
}

/**
 * Reads what kombu or this package wrote. What is not of that form becomes a message without headers and content type
 * whose body is the text as it was found, so that it is refused as any other that cannot be read, and not lost. Where
 * it is only a typed value that is not known, the rest is read nonetheless: it names the task that is refused.
 */
export function decodeDocument(text: string): Document {
  try {
    return read(decodeJson(text), text) ?? unreadable(text)
  } catch (error) {
    const document = readRest(text) ?? unreadable(text)
    return { ...document, message: { ...document.message, unreadable: reasonOf(error) } }
  }
}

function readRest(text: string): Document | undefined {
  try {
    return read(decodeJson(text, { keepUnknown: true }), text)
  } catch {
    return undefined
  }
}

/** Undefined when it is no message. Throws when a part of it cannot be made sense of. */
function read(document: unknown, text: string): Document | undefined {
  if (!isRecord(document) || !(typeof document.body === 'string' || isRecord(document.headers))) return
  const properties = recordOf(document.properties)
  const info = recordOf(properties.delivery_info)
  const headers = recordOf(document.headers)
  const redelivered = info.redelivered === true || headers.redelivered === true
  // kombu notes it among the headers, where it would travel on with a retry.
  if (redelivered) delete headers.redelivered
  return {
    message: {
      headers,
      properties: propertiesOf(document, properties),
      body: bodyOf(document.body, properties.body_encoding),
    },
    exchange: textOf(info.exchange) ?? '',
    routingKey: textOf(info.routing_key) ?? '',
    marked: redelivered ? text : undefined,
    tag: textOf(properties.delivery_tag),
    properties,
  }
}

function propertiesOf(
  document: Record<string, unknown>,
  properties: Record<string, unknown>,
): MessageProperties {
  const correlationId = textOf(properties.correlation_id)
  const replyTo = textOf(properties.reply_to)
  const expiration = textOf(properties.expiration)
  return {
    contentType: textOf(document['content-type']) ?? '',
    contentEncoding: textOf(document['content-encoding']) ?? 'binary',
    ...(correlationId !== undefined && { correlationId }),
    ...(replyTo !== undefined && { replyTo }),
    deliveryMode: properties.delivery_mode === 1 ? 1 : 2,
    priority: priorityOf(properties.priority),
    ...(expiration !== undefined && { expiration }),
  }
}

/** As kombu reads it: a whole number from 0 to 9, and 0 when it is none. */
export function priorityOf(value: unknown): number {
  const priority = Math.trunc(Number(typeof value === 'object' ? Number.NaN : value))
  return Number.isNaN(priority) ? 0 : Math.min(9, Math.max(0, priority))
}

function bodyOf(body: unknown, encoding: unknown): Buffer {
  if (typeof body !== 'string') return Buffer.from(encodeJson(body ?? null))
  return Buffer.from(body, encoding === 'base64' ? 'base64' : 'utf8')
}

function unreadable(text: string): Document {
  return {
    message: {
      headers: {},
      properties: { contentType: '', contentEncoding: 'binary' },
      body: Buffer.from(text),
    },
    exchange: '',
    routingKey: '',
    marked: undefined,
    tag: undefined,
    properties: {},
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function recordOf(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {}
}
