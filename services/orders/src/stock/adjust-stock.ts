import { literals } from '@colophon/catalog'
import { line, nullable } from '@colophon/http'
import type { Queryable } from '@colophon/postgres'
import Type, { type Static } from 'typebox'
import type { OrdersDeps } from '../deps.ts'
import { claimKey, type KeyedRequest, keepKey, keyedRequest } from '../idempotency.ts'
import { ordersProblem } from '../problems.ts'
import type { Inventory } from '../schemas.ts'
import { findInventory } from './find-inventory.ts'
import { ensureStock, lockStock, mostCopies, recordMovements } from './movements.ts'
import { sendAllocations } from './waiting.ts'

/** Why staff change the number of copies. */
export const adjustmentReasons = ['adjustment', 'stocktake', 'damaged', 'goods_in'] as const

/** Characters of a note. */
export const noteLength = 500

export const AdjustmentInput = Type.Object(
  {
    delta: Type.Integer({
      minimum: -1_000_000,
      maximum: 1_000_000,
      not: Type.Unsafe({ const: 0 }),
      description: 'Copies to add; negative for copies to take away',
    }),
    reason: literals(adjustmentReasons, { description: 'Why, for the ledger' }),
    note: Type.Optional(nullable(line({ maxLength: noteLength }))),
  },
  { title: 'AdjustmentInput', additionalProperties: false, examples: [{ delta: -1, reason: 'damaged' }] },
)
export type AdjustmentInput = Static<typeof AdjustmentInput>

/** Copies that staff add or take away. */
export interface Adjustment {
  bookId: string
  input: AdjustmentInput
  /** An account's id, or 'command'. */
  actor: string
  /** Sent again with the same one, it is not done again. */
  idempotencyKey?: string
}

/**
 * Adds copies of a book, or takes some away.
 * @returns the stock of the book; of a repeat as it is now
 * @throws Problem adjustment_refused, idempotency_key_in_flight, idempotency_key_reused
 */
export async function adjustStock(deps: OrdersDeps, adjustment: Adjustment): Promise<Inventory> {
  const { bookId } = adjustment
  const keyed = keyedBy(adjustment)
  const inventory = await deps.database.transaction(async (tx) => {
    const isRepeat = keyed !== null && (await claimKey(tx, keyed)) !== null
    if (!isRepeat) await enter(tx, deps, adjustment)
    if (!isRepeat && keyed !== null) await keepKey(tx, deps, keyed, bookId)
    return findInventory(tx, deps.currency, bookId)
  })
  deps.outbox.nudge()
  return inventory
}

function keyedBy({ bookId, input, actor, idempotencyKey }: Adjustment): KeyedRequest | null {
  if (idempotencyKey === undefined) return null
  return keyedRequest(`adjustment:${actor}`, idempotencyKey, { bookId, input })
}

async function enter(tx: Queryable, deps: OrdersDeps, { bookId, input, actor }: Adjustment): Promise<void> {
  const { delta, reason, note } = input
  await ensureStock(tx, deps, [bookId])
  const { onHand = 0, held = 0 } = (await lockStock(tx, [bookId])).get(bookId) ?? {}
  refuseImpossible(onHand, held, delta)
  await recordMovements(tx, deps, [{ bookId, onHand: delta, held: 0, reason, actor, ...(note && { note }) }])
  if (delta > 0) await sendAllocations(tx, deps, [bookId])
}

function refuseImpossible(onHand: number, held: number, delta: number): void {
  const after = onHand + delta
  const why =
    after < held
      ? `${onHand} on hand, ${held} of them held for orders: ${-delta} cannot be taken away, but ${onHand - held} can`
      : `${onHand} on hand: with ${delta} more there would be more than ${mostCopies}`
  if (after >= held && after <= mostCopies) return
  throw ordersProblem('adjustment_refused', why, { extra: { onHand, held } })
}
