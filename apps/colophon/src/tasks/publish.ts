import { createHash } from 'node:crypto'
import { followStockTask, type PriceInput, type StockInput, setPriceTask } from '@colophon/catalog'
import { type Celery, CeleryError } from '@colophon/celery'
import { availabilityTopic, priceTopic, taskTopic } from '@colophon/orders'
import type { OutboxRow } from '@colophon/postgres'

/** An outbox row that nobody can publish, however often it is tried: it is parked. */
export class UnpublishableError extends Error {
  override readonly name = 'UnpublishableError'
}

/** Sends what the relay reads in the outbox of a schema to the broker. */
export function createPublisher(app: Celery, schema: string): (row: OutboxRow) => Promise<void> {
  return async (row) => {
    const { task, kwargs } = taskOf(row)
    // The same row is the same task, however often it is sent.
    await app.send(task, { kwargs }, { taskId: taskIdOf(schema, row), headers: { ...row.headers } })
  }
}

/** What a task is given, which it checks itself. */
type Arguments<Input> = Record<keyof Input, unknown>

/** What each topic becomes. */
function taskOf({ topic, payload, sequence, createdAt }: OutboxRow): {
  task: string
  kwargs: Record<string, unknown>
} {
  if (topic === taskTopic && isRecord(payload)) {
    const { task, kwargs } = payload
    if (typeof task === 'string' && isRecord(kwargs)) return { task, kwargs }
  }
  if (topic === availabilityTopic && isRecord(payload)) {
    const { bookId, inStock } = payload
    const kwargs: Arguments<StockInput> = { book_id: bookId, in_stock: inStock, sequence }
    return { task: followStockTask, kwargs }
  }
  if (topic === priceTopic && isRecord(payload) && isRecord(payload.price)) {
    const { bookId, price, actor } = payload
    const { amount, currency } = price
    const said = { actor, sequence, said_at: createdAt }
    const kwargs: Arguments<PriceInput> = { book_id: bookId, amount, currency, ...said }
    return { task: setPriceTask, kwargs }
  }
  throw new UnpublishableError(`no task can be made of a message of the topic ${topic}`)
}

/** A UUID of version 5 (RFC 9562) of the row. Its time tells shops apart that share a broker. */
export function taskIdOf(schema: string, { sequence, createdAt }: OutboxRow): string {
  const hash = createHash('sha1').update(`colophon outbox ${schema} ${sequence} ${createdAt}`).digest()
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6)
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8)
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** The broker is away, or full: nothing is wrong with the message. */
export function isBrokerAway(error: unknown): boolean {
  return error instanceof CeleryError && awayCodes.has(error.code)
}

const awayCodes = new Set<string>(['BROKER_UNAVAILABLE', 'RESULTS_UNAVAILABLE', 'SCHEDULES_UNAVAILABLE'])

/** The message itself is at fault. */
export function isUnpublishable(error: unknown): boolean {
  if (error instanceof UnpublishableError) return true
  return error instanceof CeleryError && faultyCodes.has(error.code)
}

const faultyCodes = new Set<string>(['BAD_OPTION', 'BAD_VALUE'])

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
