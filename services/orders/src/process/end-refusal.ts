import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { ordersProblem } from '../problems.ts'
import { formatMoney } from '../rules/money-text.ts'
import { changeOnce } from './change-once.ts'
import { completeRefund } from './complete-refund.ts'
import { moveOrder } from './move.ts'
import type { OrderRow } from './order-row.ts'
import { requireRefundable } from './refundable.ts'
import type { RequestedRefund } from './request-refund.ts'

/** How a refund that is refused goes on. */
export const refusalEnds = [
  /** The provider is asked again. */
  'again',
  /** The buyer has the money by another way. */
  'elsewhere',
  /** Nothing is owed. */
  'withdraw',
] as const

/** How staff end that a refund is refused. */
export interface EndRefusal {
  orderId: string
  refundId: string
  action: (typeof refusalEnds)[number]
  /** For the buyer. */
  reason: string
  /** An account's id. */
  actor: string
  idempotencyKey: string
}

/**
 * Ends that a refund is refused, and owed: it keeps its amount and what it is for.
 * @throws Problem order_not_found, refund_not_found, refund_state, refund_too_large, idempotency_key_in_flight,
 * idempotency_key_reused
 */
export function endRefusal(deps: OrdersDeps, ending: EndRefusal): Promise<void> {
  const { action, reason } = ending
  const refundId = ending.refundId.toLowerCase()
  const change = { ...ending, operation: 'end_refusal', request: { refundId, action, reason } } as const
  return changeOnce(deps, change, async (tx, order) => {
    const refund = await requireRefused(tx, order, refundId)
    if (action !== 'withdraw') {
      refuseByHand(refund)
      await requireRefundable(tx, order, refund.amount)
    }
    await ends[action](tx, deps, order, refund, ending)
    return refund.id
  })
}

interface Refused extends RequestedRefund {
  /** Whether it is of what was charged and not asked for, which no order books, whoever gives it back. */
  isByHand: boolean
}

type End = (
  tx: Queryable,
  deps: OrdersDeps,
  order: OrderRow,
  refund: Refused,
  ending: EndRefusal,
) => Promise<void>

const ends: Readonly<Record<EndRefusal['action'], End>> = {
  async again(tx, deps, order, refund, { reason, actor }) {
    await tx.query(sql`
      update orders.refunds set status = 'pending', refusal = null, attempt = attempt + 1 where id = ${refund.id}`)
    const text = `${formatMoney(refund.amount, order.currency)} to be given back once more`
    await moveOrder(tx, deps, order, { reason: `${text}: ${reason}`, actor })
  },

  async elsewhere(tx, deps, order, refund, { reason, actor }) {
    const text = `${formatMoney(refund.amount, order.currency)} given back by another way`
    const done = { providerId: null, reason: `${text}: ${reason}`, actor }
    await completeRefund(tx, deps, order, refund, done)
  },

  async withdraw(tx, deps, order, refund, { reason, actor }) {
    await tx.query(sql`
      update orders.refunds set status = 'withdrawn', refusal = null where id = ${refund.id}`)
    const { amount, isByHand } = refund
    // Without an amount, since another currency may have been charged, and without a way, since staff may have paid it by
    // another one, or nothing was charged in truth: the reason can tell.
    const text = isByHand
      ? 'what was charged and not asked for is seen to'
      : `${formatMoney(amount, order.currency)} no longer to be given back`
    await moveOrder(tx, deps, order, { reason: `${text}: ${reason}`, actor, mail: isByHand })
  },
}

function refuseByHand({ isByHand }: Refused): void {
  if (!isByHand) return
  const message =
    'it was not asked for with the order: give it back at the payment provider, then withdraw it'
  throw ordersProblem('refund_state', message, { extra: { refundStatus: 'refused' } })
}

async function requireRefused(tx: Queryable, order: OrderRow, id: string): Promise<Refused> {
  const refund = await tx.maybeOne<Refused & { status: string }>(sql`
    select id, amount, attempt = 0 as "isByHand", status from orders.refunds
    where id = ${id} and order_id = ${order.id}`)
  if (refund === undefined) throw ordersProblem('refund_not_found', `the order has no refund ${id}`)
  if (refund.status === 'refused') return refund
  const message = `it is ${refund.status}: only a refund that is refused can be ended`
  throw ordersProblem('refund_state', message, { extra: { refundStatus: refund.status } })
}
