import { CeleryError } from '../errors.ts'
import { type Compression, compress } from './compression.ts'
import { encodeJson } from './json.ts'
import type { TaskMessage, WireMessage } from './message.ts'

export interface EncodeOptions {
  compression?: Compression | undefined
  /** Bytes that the body may have, compressed and not. */
  maxBodySize?: number
}

/**
 * The message as brokers carry it. A `compression` header that it came with is not kept: it says how this body is
 * compressed, by `options`. Throws `BAD_VALUE` for a value that has no form in JSON, and says where it is, and for more
 * than `maxBodySize`, which the worker would refuse.
 */
export function encodeTask(
  message: TaskMessage,
  { compression, maxBodySize = Number.POSITIVE_INFINITY }: EncodeOptions = {},
): WireMessage {
  const { headers, args, kwargs, embed } = message
  const text = `[${encodeJson(args, 'args')},${encodeJson(kwargs, 'kwargs')},${encodeJson(embed, 'embed')}]`
  const body = Buffer.from(text, 'utf8')
  checkSize(headers.task, body, maxBodySize)
  const properties = { ...message.properties, contentType: 'application/json', contentEncoding: 'utf-8' }
  if (compression !== undefined) {
    const compressed = compress(body, compression)
    checkSize(headers.task, compressed.body, maxBodySize)
    return { headers: { ...headers, compression: compressed.type }, properties, body: compressed.body }
  }
  if (headers.compression === undefined) return { headers, properties, body }
  const { compression: _, ...rest } = headers
  return { headers: rest, properties, body }
}

function checkSize(task: string, { length }: Buffer, max: number): void {
  if (length <= max) return
  const message = `The arguments of ${task} take ${length} bytes, more than maxBodySize (${max}).`
  throw new CeleryError('BAD_VALUE', message)
}
