import type { Money } from '@colophon/catalog'
import type { OrdersDeps } from '../deps.ts'
import { ordersProblem } from '../problems.ts'
import { formatMoney } from '../rules/money-text.ts'
import { changeOnce } from './change-once.ts'
import { moveOrder } from './move.ts'
import type { OrderRow } from './order-row.ts'
import { requireRefundable } from './refundable.ts'
import { requestRefund } from './request-refund.ts'
import { wrongState } from './require-order.ts'

/** Money that staff give back. */
export interface RefundOrder {
  orderId: string
  amount: Money
  /** For the buyer. */
  reason: string
  /** An account's id. */
  actor: string
  idempotencyKey: string
}

/**
 * Has some of an order's money given back, whatever became of its copies. The order is held, so that however many do it
 * at once it is never more than was paid.
 * @throws Problem order_not_found, order_state, currency_other, refund_too_large, idempotency_key_in_flight,
 * idempotency_key_reused
 */
export function refundOrder(deps: OrdersDeps, refund: RefundOrder): Promise<void> {
  const { amount: money, reason, actor } = refund
  const change = { ...refund, operation: 'refund', request: { amount: money, reason } } as const
  return changeOnce(deps, change, async (tx, order) => {
    refuseOtherCurrency(order, money)
    if (order.payment.status !== 'charged') throw wrongState(order, 'nothing was paid for it')
    await requireRefundable(tx, order, money.amount, '/amount/amount')
    const id = await requestRefund(tx, deps, order, { amount: money.amount, reason, actor })
    const text = formatMoney(money.amount, order.currency)
    await moveOrder(tx, deps, order, { reason: `${text} to be given back: ${reason}`, actor })
    return id
  })
}

function refuseOtherCurrency({ currency }: OrderRow, money: Money): void {
  if (money.currency === currency) return
  const message = `the order is in ${currency}`
  throw ordersProblem('currency_other', message, {
    errors: [{ path: '/amount/currency', code: 'currency_other', message }],
  })
}
