import type { Identity } from '@colophon/http'
import type { OrdersDeps } from '../deps.ts'
import { claimKey, keepKey, keyedRequest } from '../idempotency.ts'
import { ordersProblem } from '../problems.ts'
import type { OrderInput } from '../schemas.ts'
import { claimCopies } from './hold-copies.ts'
import { checkOffer, readOffer } from './offer.ts'
import { writeOrder } from './write-order.ts'

/** A request for an order. */
export interface Placing {
  input: OrderInput
  /** Null for a guest. */
  identity: Identity | null
  idempotencyKey: string
}

/**
 * Places an order: its rows, its holds and the message that has it charged are one transaction. Sent again with the
 * same key, it gives the order that was placed then.
 * @returns the order's id
 * @throws Problem order_invalid, idempotency_key_in_flight, idempotency_key_reused, total_too_large, total_changed,
 * out_of_stock, country_not_served, book_unknown, book_withdrawn, book_without_price, book_not_released
 */
export async function placeOrder(deps: OrdersDeps, placing: Placing): Promise<string> {
  const { input, identity, idempotencyKey: key } = placing
  const email = await emailOf(deps, placing)
  const accountId = identity?.accountId ?? null
  const keyed = keyedRequest(`order:${accountId ?? `guest:${email}`}`, key, input)
  // Read before anything is held: nobody waits for our locks while other services answer.
  const offer = await readOffer(deps, input)
  const orderId = await deps.database.transaction(async (tx) => {
    const first = await claimKey(tx, keyed)
    if (first !== null) return first
    const id = deps.newId()
    const priced = checkOffer(offer, input)
    const holds = await claimCopies(tx, priced.lines)
    // At once: other buyers of a book wait for as long as this takes.
    await Promise.all([
      writeOrder(tx, deps, { id, accountId, email, input, priced, holds }),
      keepKey(tx, deps, keyed, id),
    ])
    return id
  })
  deps.outbox.nudge()
  return orderId
}

/** Where mails about the order go: what the order says, or the account's own address. */
async function emailOf({ accounts }: OrdersDeps, { input, identity }: Placing): Promise<string> {
  const email = input.email ?? (identity === null ? null : await accounts.emailOf(identity.accountId))
  if (email !== null) return email.toLowerCase()
  throw ordersProblem('order_invalid', 'email: needed of guests', {
    errors: [
      { path: '/email', code: 'required', message: 'needed of guests: sign in, or say where mails go' },
    ],
  })
}
