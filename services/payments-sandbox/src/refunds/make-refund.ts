import { type Queryable, sql } from '@colophon/postgres'
import { countAttempt } from '../attempts.ts'
import type { SandboxDeps } from '../deps.ts'
import { sandboxProblem } from '../problems.ts'
import type { Refund, RefundInput } from '../schemas.ts'
import { behaviourOf } from '../tokens.ts'
import { queueWebhook } from '../webhooks/queue-webhook.ts'

/** A refund's columns, as a `Refund` has them: here each is done at once. */
const refundColumns = sql`
  id, key, charge_id as "chargeId", 'done' as status, amount, created_at as "createdAt"`

export interface RefundRequest extends RefundInput {
  key: string
}

/** What a refund has to know of its charge. */
interface Charged {
  status: string
  /** Null of one that was void before it was asked for, as the token is. */
  currency: string | null
  token: string | null
  /** What is left to be given back. */
  left: number
}

/**
 * Gives money of a charge back, once per key.
 * @returns whether it was done now or before, and the refund
 * @throws Problem charge_not_found, charge_took_nothing, currency_other, refund_too_large, idempotency_key_reused;
 * refund_refused and failed_on_demand when nothing was done because the charge's token says so
 */
export async function makeRefund(
  deps: SandboxDeps,
  request: RefundRequest,
): Promise<{ refund: Refund; isNew: boolean }> {
  await failFirst(deps, request)
  const made = await deps.database.transaction(async (tx) => {
    const charge = await tx.maybeOne<Charged>(sql`
      select status, currency, token, amount - refunded as left from payments_sandbox.charges
      where id = ${request.chargeId} for update`)
    const known = await findRefund(tx, request, charge)
    if (known !== undefined) return { refund: known, isNew: false }
    refuseImpossible(request, charge)
    return { refund: await insertRefund(tx, deps, request), isNew: true }
  })
  if (made.isNew) deps.wake()
  return made
}

async function failFirst({ database }: SandboxDeps, { key, chargeId }: RefundRequest): Promise<void> {
  const charge = await database.maybeOne<{ token: string | null }>(sql`
    select token from payments_sandbox.charges where id = ${chargeId}`)
  const { refundFailures } = behaviourOf(charge?.token ?? '')
  if (refundFailures === 0 || (await countAttempt(database, `refund ${key}`)) > refundFailures) return
  throw sandboxProblem('failed_on_demand', 'nothing was given back: send the same request again')
}

/** @throws Problem idempotency_key_reused */
async function findRefund(
  tx: Queryable,
  { key, chargeId, amount, currency }: RefundRequest,
  charge: Charged | undefined,
): Promise<Refund | undefined> {
  const known = await tx.maybeOne<Refund>(sql`
    select ${refundColumns}
    from payments_sandbox.refunds where key = ${key}`)
  if (known === undefined) return undefined
  const isSame = known.chargeId === chargeId.toLowerCase() && known.amount === amount
  if (isSame && charge?.currency === currency) return known
  throw sandboxProblem(
    'idempotency_key_reused',
    'the refund of this key is of another charge, amount or currency',
  )
}

function refuseImpossible(request: RefundRequest, charge: Charged | undefined): void {
  const { chargeId, amount, currency } = request
  if (charge === undefined) throw sandboxProblem('charge_not_found', `there is no charge ${chargeId}`)
  if (charge.status !== 'charged') throw sandboxProblem('charge_took_nothing', `it is ${charge.status}`)
  if (charge.currency !== currency) throw sandboxProblem('currency_other', `it is in ${charge.currency}`)
  if (behaviourOf(charge.token ?? '').refusesRefunds)
    throw sandboxProblem('refund_refused', 'the token of the charge says so')
  if (amount > charge.left) {
    throw sandboxProblem('refund_too_large', `at most ${charge.left} are left to be given back`)
  }
}

/** The charge is locked, so that only a refund of another charge can have taken the key meanwhile. */
async function insertRefund(tx: Queryable, deps: SandboxDeps, request: RefundRequest): Promise<Refund> {
  const { key, chargeId, amount } = request
  const refund = await tx.maybeOne<Refund>(sql`
    insert into payments_sandbox.refunds (id, key, charge_id, amount, created_at)
    values (${deps.newId()}, ${key}, ${chargeId}, ${amount}, ${deps.now()})
    on conflict (key) do nothing
    returning ${refundColumns}`)
  if (refund === undefined) {
    throw sandboxProblem('idempotency_key_reused', 'the refund of this key is of another charge')
  }
  await tx.query(sql`
    update payments_sandbox.charges set refunded = refunded + ${amount} where id = ${chargeId}`)
  await queueWebhook(tx, deps, 'refund.done', refund)
  return refund
}
