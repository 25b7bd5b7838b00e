import { type Queryable, sql } from '@colophon/postgres'
import { countAttempt } from '../attempts.ts'
import type { SandboxDeps } from '../deps.ts'
import { sandboxProblem } from '../problems.ts'
import type { Charge, ChargeInput } from '../schemas.ts'
import { type Behaviour, behaviourOf } from '../tokens.ts'
import { queueWebhook } from '../webhooks/queue-webhook.ts'
import { chargeColumns } from './charge-columns.ts'

export interface ChargeRequest extends ChargeInput {
  key: string
}

/** A charge, and how the request is to be answered. */
export interface MadeCharge {
  charge: Charge
  isNew: boolean
  answer: Behaviour['answer']
}

/**
 * Makes a charge as its token says, once per key.
 * @returns null when nothing was done and nobody is to be answered
 * @throws Problem failed_on_demand, when nothing was done either; idempotency_key_reused
 */
export async function makeCharge(deps: SandboxDeps, request: ChargeRequest): Promise<MadeCharge | null> {
  const known = await findCharge(deps.database, request)
  if (known !== undefined) return { charge: known, isNew: false, answer: 'at_once' }
  const behaviour = behaviourOf(request.token)
  if (await failsFirst(deps, request.key, behaviour)) return null
  const made = await deps.database.transaction((tx) => insertCharge(tx, deps, request, behaviour))
  if (made === undefined) {
    const charge = await findCharge(deps.database, request)
    // Charges are never deleted: whoever was in the way has committed.
    if (charge === undefined) throw new Error(`the charge with the key ${request.key} is gone`)
    return { charge, isNew: false, answer: 'at_once' }
  }
  deps.wake()
  return { charge: made, isNew: true, answer: behaviour.answer }
}

/** @returns whether this is a request that is not to be answered */
async function failsFirst({ database }: SandboxDeps, key: string, { failure }: Behaviour): Promise<boolean> {
  if (failure === 'none') return false
  if (failure === 'no_answer_once') return (await countAttempt(database, `charge ${key}`)) === 1
  const { count } = await database.one<{ count: number }>(sql`
    select nextval('payments_sandbox.flaky_requests') as count`)
  if (count % 3 === 0)
    throw sandboxProblem('failed_on_demand', 'nothing was done: send the same request again')
  return false
}

/** @returns undefined when there is a charge of this key already */
async function insertCharge(
  tx: Queryable,
  deps: SandboxDeps,
  { key, amount, currency, token, reference }: ChargeRequest,
  { outcome, reason, webhooks, surplus }: Behaviour,
): Promise<Charge | undefined> {
  const now = deps.now()
  const isPending = outcome === 'pending'
  const decideAt = isPending ? new Date(now.getTime() + deps.lateMs) : null
  const charge = await tx.maybeOne<Charge>(sql`
    insert into payments_sandbox.charges
      (id, key, amount, currency, token, reference, status, reason, decide_at, created_at, settled_at)
    values (${deps.newId()}, ${key}, ${amount + surplus}, ${currency}, ${token}, ${reference}, ${outcome}, ${reason},
      ${decideAt}, ${now}, ${isPending ? null : now})
    on conflict (key) do nothing returning ${chargeColumns}`)
  if (charge !== undefined && !isPending) await queueWebhook(tx, deps, 'charge.settled', charge, webhooks)
  return charge
}

/** The charge that was made by the same request, or was void before it. @throws Problem idempotency_key_reused */
async function findCharge(
  db: Queryable,
  { key, amount, currency, token, reference }: ChargeRequest,
): Promise<Charge | undefined> {
  const taken = amount + behaviourOf(token).surplus
  const found = await db.maybeOne<Charge & { isSame: boolean }>(sql`
    select ${chargeColumns}, token is null or
      (amount, currency, token, reference) = (${taken}, ${currency}, ${token}, ${reference}) as "isSame"
    from payments_sandbox.charges where key = ${key}`)
  if (found === undefined) return undefined
  const { isSame, ...charge } = found
  if (!isSame) {
    throw sandboxProblem(
      'idempotency_key_reused',
      'the charge of this key has another amount, token or reference',
    )
  }
  return charge
}
