import { isUtf8 } from 'node:buffer'
import { decompress } from './compression.ts'
import { decodeJson } from './json.ts'
import type { Embed, SignatureData, TaskMessage, WireMessage } from './message.ts'
import { ProtocolError, quoted } from './protocol-error.ts'
import { checkedHeaders } from './read-headers.ts'
import { isRecord, undecodable } from './shape.ts'
import { readSignature } from './signature.ts'

export interface DecodeLimits {
  /** Bytes that a body may have, compressed and decompressed. */
  maxBodySize: number
  /** Of times in the arguments that Python sends without an offset: `UTC` when absent. */
  timeZone?: string
}

/**
 * Reads a message of version 2. Whatever it holds, what is thrown is a `ProtocolError` with the reason. Only JSON is
 * read: a body of another content type is not opened.
 */
export function decodeTask(wire: WireMessage, limits: DecodeLimits): TaskMessage {
  if (wire.unreadable !== undefined) throw undecodable(wire.unreadable)
  checkContentType(wire)
  const text = bodyText(wire, limits.maxBodySize)
  const body = decodeJson(text, limits)
  if (isRecord(body) && (typeof body.task === 'string' || 'args' in body))
    throw new ProtocolError(
      'unsupported_protocol',
      'The message is of version 1: set task_protocol = 2 where it is sent',
    )
  const headers = checkedHeaders(wire.headers)
  if (!Array.isArray(body) || body.length !== 3)
    throw undecodable('The body is not a list of args, kwargs and embed')
  const [args, kwargs, embed] = body
  if (!Array.isArray(args)) throw undecodable('The args in the body are not a list')
  if (!isRecord(kwargs)) throw undecodable('The kwargs in the body are not an object')
  return { headers, properties: wire.properties, args, kwargs, embed: readEmbed(embed) }
}

const jsonTypes = new Set(['application/json'])
const encodings = new Set(['utf-8', 'utf8', 'us-ascii', 'ascii', 'binary', ''])

function checkContentType({ properties }: WireMessage): void {
  const type = mediaType(properties?.contentType)
  if (type === '') throw undecodable("The message names no content type, so it is none of Celery's")
  if (!jsonTypes.has(type))
    throw new ProtocolError(
      'refused_content_type',
      `The body is of the content type ${quoted(type)}: only application/json is read (task_serializer = 'json')`,
    )
  const encoding: unknown = properties.contentEncoding
  if (encoding === undefined || encoding === null) return
  if (typeof encoding !== 'string' || !encodings.has(encoding.toLowerCase()))
    throw new ProtocolError('refused_content_type', `The content encoding ${quoted(encoding)} is not UTF-8`)
}

function mediaType(contentType: unknown): string {
  if (typeof contentType !== 'string') return ''
  const end = contentType.indexOf(';')
  return (end === -1 ? contentType : contentType.slice(0, end)).trim().toLowerCase()
}

function bodyText({ body, headers }: WireMessage, maxSize: number): string {
  if (body.length > maxSize)
    throw new ProtocolError('too_large', `The body has ${body.length} bytes, and at most ${maxSize} are read`)
  const compression: unknown = isRecord(headers) ? headers.compression : undefined
  const bytes =
    compression === undefined || compression === null ? body : decompress(body, compression, maxSize)
  if (!isUtf8(bytes)) throw undecodable('The body is not UTF-8')
  return bytes.toString('utf8')
}

function readEmbed(value: unknown): Embed {
  if (value === null) return { callbacks: null, errbacks: null, chain: null, chord: null }
  if (!isRecord(value)) throw undecodable('The embed in the body is not an object')
  const { callbacks, errbacks, chain, chord } = value
  return {
    callbacks: readSignatures(callbacks, 'callbacks'),
    errbacks: readSignatures(errbacks, 'errbacks'),
    chain: readSignatures(chain, 'chain'),
    chord: chord === null || chord === undefined ? null : readSignature(chord, 'The chord'),
  }
}

function readSignatures(value: unknown, name: string): SignatureData[] | null {
  if (value === null || value === undefined) return null
  if (!Array.isArray(value)) throw undecodable(`The ${name} in the body are not a list`)
  for (let i = 0; i < value.length; i++) value[i] = readSignature(value[i], `One of the ${name}`)
  return value
}
