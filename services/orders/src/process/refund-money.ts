import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { PaymentError } from '../payments/port.ts'
import { formatMoney } from '../rules/money-text.ts'
import { completeRefund } from './complete-refund.ts'
import { moveOrder } from './move.ts'
import { lockOrder } from './order-row.ts'
import type { RequestedRefund } from './request-refund.ts'

interface Pending extends RequestedRefund {
  /** Which time of asking this is, from 1. */
  attempt: number
  chargeId: string
  currency: string
}

/**
 * Gives back what is to be given back of an order, refund by refund: one that fails keeps no other waiting. One that the
 * provider refuses for good is over with that, until staff have it asked for again.
 * @throws whatever kept one from being given back, to be done again: before a PaymentError what else went wrong, and the
 * first of these; the others are logged
 */
export async function refundMoney(deps: OrdersDeps, orderId: string): Promise<void> {
  const pending = await deps.database.query<Pending>(sql`
    select refund.id, refund.amount, refund.attempt, payment.charge_id as "chargeId", payment.currency
    from orders.refunds refund join orders.payments payment on payment.order_id = refund.order_id
    where refund.order_id = ${orderId} and refund.status = 'pending' and payment.status = 'charged'
    order by refund.created_at, refund.id`)
  const failures: { refundId: string; err: unknown }[] = []
  for (const refund of pending) {
    await giveBack(deps, orderId, refund).catch((err: unknown) => failures.push({ refundId: refund.id, err }))
  }
  const thrown = failures.find(({ err }) => !(err instanceof PaymentError)) ?? failures[0]
  if (thrown === undefined) return
  for (const failure of failures) {
    if (failure !== thrown)
      deps.logger.warn({ orderId, ...failure }, 'a refund failed, as did another of its order')
  }
  throw thrown.err
}

async function giveBack(deps: OrdersDeps, orderId: string, refund: Pending): Promise<void> {
  const { amount, chargeId, currency } = refund
  const answer = await deps.payments
    .refund({ key: refundKey(refund), chargeId, amount, currency })
    .catch((error: unknown) => {
      if (error instanceof PaymentError && error.code === 'refused') return error
      throw error
    })
  if (answer instanceof PaymentError) await recordRefusal(deps, orderId, refund, answer.message)
  else await recordRefund(deps, orderId, refund, answer.refundId)
}

function refundKey({ id, attempt }: Pending): string {
  return attempt === 1 ? `refund-${id}` : `refund-${id}-${attempt}`
}

/** What is written of a refund of which the provider tells. */
interface Known {
  before: string
  knownId: string | null
  attempt: number
}

/**
 * What is odd about a refund that the provider made of this request, though it counts: for the history, and for the log,
 * as people are to see to it.
 */
function oddity(known: Known, request: Pending): { how: string; alarm: string } | undefined {
  if (known.before === 'withdrawn')
    return { how: 'though it was withdrawn', alarm: 'a refund that was withdrawn was given back' }
  // With this nobody asks any more what became of the later request, whose answer may have been lost.
  if (known.before === 'pending' && known.attempt !== request.attempt)
    return { how: 'on a request before the last', alarm: 'a refund that was asked for again was given back' }
  return undefined
}

/**
 * Heard again under the provider's id that is kept, it changes nothing. Staff may have ended the refund while the provider
 * was asked: what it gave back that was not due by then is an error that people are to see to.
 */
async function recordRefund(
  deps: OrdersDeps,
  orderId: string,
  refund: Pending,
  providerId: string,
): Promise<void> {
  const told = await deps.database.transaction(async (tx) => {
    const order = await lockOrder(tx, orderId)
    if (order === undefined) return undefined
    const known = await tx.one<Known>(sql`
      select status as before, provider_id as "knownId", attempt from orders.refunds where id = ${refund.id}`)
    const { before, knownId } = known
    if (knownId === providerId) return undefined
    const odd = oddity(known, refund)
    const given = `${formatMoney(refund.amount, order.currency)} given back`
    const reason = odd === undefined ? given : `${given}, ${odd.how}`
    if (before !== 'done' && order.refunded + refund.amount <= order.payment.amount) {
      await completeRefund(tx, deps, order, refund, { providerId, reason, actor: 'provider' })
      return odd && { before, alarm: odd.alarm }
    }
    await markTooMuch(tx, refund.id, providerId)
    const tooMuch = before === 'done' ? `${given} twice` : `${reason}, which is more than was paid`
    await moveOrder(tx, deps, order, { reason: tooMuch, actor: 'provider' })
    return { before, alarm: 'a refund was given back twice' }
  })
  if (told === undefined) return
  const { before, alarm } = told
  deps.logger.error({ orderId, refundId: refund.id, providerId, before }, alarm)
}

/** Nothing is owed for it, and it counts no more than before: the provider's id alone tells of it. */
async function markTooMuch(tx: Queryable, id: string, providerId: string): Promise<void> {
  await tx.query(sql`
    update orders.refunds set provider_id = coalesce(provider_id, ${providerId}), refusal = null,
      status = case status when 'done' then status else 'withdrawn' end
    where id = ${id}`)
}

/**
 * Heard again, it changes nothing. It is an entry of the history, and no mail: staff are to see to it first, and the
 * money may be back already by another way.
 */
async function recordRefusal(
  deps: OrdersDeps,
  orderId: string,
  refund: Pending,
  reason: string,
): Promise<void> {
  const isNews = await deps.database.transaction(async (tx) => {
    const order = await lockOrder(tx, orderId)
    if (order === undefined || !(await markRefused(tx, refund, reason))) return false
    const money = formatMoney(refund.amount, order.currency)
    await moveOrder(tx, deps, order, {
      reason: `${money} could not be given back: the payment provider refuses it`,
      actor: 'provider',
    })
    return true
  })
  if (isNews)
    deps.logger.error({ orderId, refundId: refund.id, reason }, 'a refund is refused: staff are to see to it')
}

async function markRefused(tx: Queryable, { id, attempt }: Pending, reason: string): Promise<boolean> {
  const marked = await tx.query(sql`
    update orders.refunds set status = 'refused', refusal = ${reason}
    where id = ${id} and status = 'pending' and attempt = ${attempt} returning id`)
  return marked.length > 0
}
