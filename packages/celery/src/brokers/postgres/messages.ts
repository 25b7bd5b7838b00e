import { arrayOf, textArrayOf } from '../../postgres/array.ts'
import type { Statement } from '../../postgres/batch-writer.ts'
import type { Row } from '../../postgres/database.ts'
import { decodeJson } from '../../protocol/json.ts'
import type { MessageProperties, WireMessage } from '../../protocol/message.ts'
import { isRecord } from '../../protocol/shape.ts'
import { encodeMended } from '../mended-json.ts'
import type { Routes } from './routes.ts'

/** A message on its way to its queues. */
export interface Outgoing {
  rank: number
  /** ISO 8601, or null when it may be taken at once. */
  notBefore: string | null
  exchange: string
  routingKey: string
  headers: Buffer
  properties: Buffer
  body: Buffer
}

export function outgoing(
  message: WireMessage,
  where: { exchange: string; routingKey: string; notBefore: Date | undefined },
  now: number,
): Outgoing {
  const { notBefore, ...rest } = where
  return {
    ...rest,
    rank: rankOf(message.properties.priority),
    notBefore: notBefore === undefined || notBefore.getTime() <= now ? null : notBefore.toISOString(),
    headers: Buffer.from(encodeMended(message.headers, 'headers')),
    properties: Buffer.from(JSON.stringify(message.properties)),
    body: message.body,
  }
}

/** The index goes upwards, and higher priorities go first. */
function rankOf(priority = 0): number {
  return -Math.max(0, Math.min(255, Math.trunc(priority)))
}

export function sizeOf({ headers, properties, body }: Outgoing): number {
  return headers.length + properties.length + body.length
}

/**
 * All of these in one statement, by those routes: what is bytes in one piece, and where each of it is. It answers false
 * when the routes are out of date.
 */
export function publishStatement(schema: string, routes: Routes, messages: readonly Outgoing[]): Statement {
  const rows = messages.flatMap((message) =>
    routes.find(message.exchange, message.routingKey).map((queue) => ({ queue, message })),
  )
  const bytes = Buffer.concat(
    messages.flatMap(({ headers, properties, body }) => [headers, properties, body]),
  )
  const starts = new Map<Outgoing, number>()
  let end = 1 // PostgreSQL counts from 1.
  for (const message of messages) {
    starts.set(message, end)
    end += sizeOf(message)
  }
  const numbers = (of: (message: Outgoing) => number) => arrayOf(rows.map(({ message }) => of(message)))
  return {
    text: `SELECT ${schema}.publish($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) AS done`,
    values: [
      routes.revision,
      textArrayOf(rows.map(({ queue }) => queue)),
      numbers(({ rank }) => rank),
      arrayOf(rows.map(({ message }) => message.notBefore)),
      textArrayOf(rows.map(({ message }) => message.exchange)),
      textArrayOf(rows.map(({ message }) => message.routingKey)),
      numbers((message) => starts.get(message) ?? 1),
      numbers(({ headers }) => headers.length),
      numbers(({ properties }) => properties.length),
      numbers(({ body }) => body.length),
      bytes,
    ],
  }
}

/** A message that was taken. */
export interface Taken {
  id: number
  rank: number
  redelivered: boolean
  exchange: string
  routingKey: string
  message: WireMessage
}

/** The columns of the function `take`. */
export function takenFrom(row: Row): Taken {
  const [id, rank, redelivered, exchange, routingKey, headers, properties, body] = row as [
    string,
    number,
    boolean,
    string,
    string,
    string,
    string,
    Buffer,
  ]
  return {
    id: Number(id),
    rank,
    redelivered,
    exchange,
    routingKey,
    message: { headers: record(headers), properties: propertiesFrom(properties), body },
  }
}

/** Whoever may write to the table may write what is no JSON: the message is then refused as any that is undecodable. */
function record(text: string): Record<string, unknown> {
  try {
    const value = decodeJson(text)
    return isRecord(value) ? value : {}
  } catch {
    return {}
  }
}

function propertiesFrom(text: string): MessageProperties {
  const properties = record(text)
  const { contentType, contentEncoding } = properties
  return {
    ...properties,
    contentType: typeof contentType === 'string' ? contentType : 'application/octet-stream',
    contentEncoding: typeof contentEncoding === 'string' ? contentEncoding : 'binary',
  }
}
