import { type Compression, compress } from './compression.ts'
import { encodeJson } from './json.ts'
import type { TaskMessage, WireMessage } from './message.ts'

export interface EncodeOptions {
  compression?: Compression | undefined
}

/**
 * The message as brokers carry it. A `compression` header that it came with is not kept: it says how this body is
 * compressed, by `options`. Throws `BAD_VALUE` for a value that has no form in JSON, and says where it is.
 */
export function encodeTask(message: TaskMessage, options?: EncodeOptions): WireMessage {
  const { headers, args, kwargs, embed } = message
  const text = `[${encodeJson(args, 'args')},${encodeJson(kwargs, 'kwargs')},${encodeJson(embed, 'embed')}]`
  const body = Buffer.from(text, 'utf8')
  const properties = { ...message.properties, contentType: 'application/json', contentEncoding: 'utf-8' }
  if (options?.compression !== undefined) {
    const compressed = compress(body, options.compression)
    return { headers: { ...headers, compression: compressed.type }, properties, body: compressed.body }
  }
  if (headers.compression === undefined) return { headers, properties, body }
  const { compression: _, ...rest } = headers
  return { headers: rest, properties, body }
}
