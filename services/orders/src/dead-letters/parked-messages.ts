import { decodeCursor, encodeCursor, timestamp } from '@colophon/http'
import {
  dropParked,
  type OutboxPlace,
  parkedMessages,
  replayAllParked,
  replayParked,
} from '@colophon/postgres'
import { withoutSecrets } from '@colophon/runtime'
import Type, { type Static } from 'typebox'
import type { OrdersDeps } from '../deps.ts'
import { ordersProblem } from '../problems.ts'

type Deps = Pick<OrdersDeps, 'database'>

/** A message of the outbox that could not be published; later ones of its key wait for it. */
export const ParkedMessage = Type.Object(
  {
    sequence: Type.Integer({ minimum: 1, description: 'Its id' }),
    key: Type.String({
      description: 'What it is about',
      examples: ['order 0198c0de-0000-7000-8000-000000000001'],
    }),
    topic: Type.String({ examples: ['task'] }),
    payload: Type.Unknown({ description: 'What was to be published' }),
    error: Type.String(),
    attempts: Type.Integer({ minimum: 0 }),
    createdAt: timestamp(),
    parkedAt: timestamp(),
  },
  { title: 'ParkedMessage', additionalProperties: false },
)
export type ParkedMessage = Static<typeof ParkedMessage>

/** One page of what is parked, the oldest first. @throws Problem invalid_cursor */
export async function listParked(
  deps: Deps,
  query: { cursor?: string; limit: number },
): Promise<{ items: ParkedMessage[]; nextCursor: string | null }> {
  const { cursor, limit } = query
  const [after = 0] = cursor === undefined ? [] : decodeCursor(cursor, query, ['integer'])
  const found = await parkedMessages(placeOf(deps), { after, limit: limit + 1 })
  const last = found.length > limit ? found[limit - 1] : undefined
  return {
    items: found.slice(0, limit).map(({ headers: _, ...message }) => {
      return { ...message, error: String(withoutSecrets(message.error)) }
    }),
    nextCursor: last === undefined ? null : encodeCursor(query, [last.sequence]),
  }
}

/** Has a message published again. @throws Problem outbox_message_not_found */
export async function replayParkedMessage(deps: Deps, sequence: number): Promise<void> {
  if (!(await replayParked(placeOf(deps), sequence))) throw notParked(sequence)
}

/** Has all that is parked published again. @returns how many */
export function replayAllMessages(deps: Deps): Promise<number> {
  return replayAllParked(placeOf(deps))
}

/** Gives a message up for good; later ones of its key go on. @throws Problem outbox_message_not_found */
export async function dropParkedMessage(deps: Deps, sequence: number): Promise<void> {
  if (!(await dropParked(placeOf(deps), sequence))) throw notParked(sequence)
}

function placeOf({ database }: Deps): OutboxPlace {
  return { database, schema: 'orders' }
}

function notParked(sequence: number) {
  return ordersProblem(
    'outbox_message_not_found',
    `no message ${sequence} is parked: it was replayed or dropped`,
  )
}
