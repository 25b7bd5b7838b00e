import { isRecord } from '../../protocol/shape.ts'
import { priorityOf } from './document.ts'
import { parseExact } from './exact-json.ts'

/** A message of kombu's `unacked` hash: what it holds is `[message, exchange, routing key]` as JSON. */
export interface Unacked {
  /** The message, marked as redelivered as kombu marks it. */
  text: string
  priority: number
  exchange: string
  routingKey: string
}

/** What this package writes behind a message: restored by anybody, it goes back to just this queue. */
export function unackedSuffix(queue: string): string {
  return `,"",${JSON.stringify(queue)}]`
}

/** Undefined when it can be made no sense of. */
export function readUnacked(value: string): Unacked | undefined {
  let parts: unknown
  try {
    parts = parseExact(value)
  } catch {
    return readUnreadable(value)
  }
  if (!Array.isArray(parts)) return undefined
  const [message, exchange, routingKey] = parts as unknown[]
  if (typeof exchange !== 'string' || typeof routingKey !== 'string') return undefined
  if (!isRecord(message) || !isRecord(message.headers) || !isRecord(message.properties)) {
    return readUnreadable(value) ?? { text: JSON.stringify(message), priority: 0, exchange, routingKey }
  }
  const { headers, properties } = message
  const priority = priorityOf(JSON.parse(JSON.stringify(properties.priority ?? 0)))
  headers.redelivered = true
  if (isRecord(properties.delivery_info)) properties.delivery_info.redelivered = true
  return { text: JSON.stringify(message), priority, exchange, routingKey }
}

/** What is no message, taken by this package: it goes back as it was. */
function readUnreadable(value: string): Unacked | undefined {
  const found = /^\[([\s\S]*),"",("(?:[^"\\]|\\.)*")\]$/.exec(value)
  if (!found) return undefined
  const [, text = '', queue = '""'] = found
  return { text, priority: 0, exchange: '', routingKey: String(JSON.parse(queue)) }
}
