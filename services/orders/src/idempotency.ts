import { createHash } from 'node:crypto'
import { lockKeys, type Queryable, sql } from '@colophon/postgres'
import { canonicalJson } from '@colophon/runtime'
import type { OrdersDeps } from './deps.ts'
import { forgetRows } from './forget-rows.ts'
import { ordersProblem } from './problems.ts'

/** A request that may be sent again, by the `Idempotency-Key` it came with (draft-ietf-httpapi-idempotency-key-header). */
export interface KeyedRequest {
  /** Whose key it is and for what: `order:` and an account's id, or `order:guest:` and an e-mail address. */
  scope: string
  key: string
  /** Of what was asked, to be compared with what the key was used for before. */
  fingerprint: Buffer
}

/** A request with its fingerprint. @param request what was asked, as JSON has it */
export function keyedRequest(scope: string, key: string, request: unknown): KeyedRequest {
  const fingerprint = createHash('sha256').update(canonicalJson(request)).digest()
  return { scope, key, fingerprint }
}

/** How long an answer is kept, in milliseconds. */
const keptMs = 24 * 60 * 60_000

/**
 * The key of a request's header.
 * @throws Problem idempotency_key_required
 */
export function requireIdempotencyKey(headers: Readonly<Record<string, unknown>>): string {
  const given = headers['idempotency-key']
  if (typeof given === 'string' && /^[\x21-\x7e]{1,255}$/.test(given)) return given
  const what = given === undefined ? 'send' : 'the Idempotency-Key is not one: send'
  throw ordersProblem(
    'idempotency_key_required',
    `${what} a key of your making, such as a UUID, of up to 255 visible characters, and the same one when you send the request again`,
  )
}

/**
 * Holds the key until the transaction ends. What it was used for before is found only once that is committed, so a
 * refusal, which rolls back, frees it.
 * @returns what the first answer was about, or null when this is the first
 * @throws Problem idempotency_key_in_flight, idempotency_key_reused
 */
export async function claimKey(
  tx: Queryable,
  { scope, key, fingerprint }: KeyedRequest,
): Promise<string | null> {
  const [kind, name] = lockKeys('orders idempotency', `${scope}\n${key}`)
  const [{ ours }, first] = await Promise.all([
    tx.one<{ ours: boolean }>(sql`select pg_try_advisory_xact_lock(${kind}, ${name}) as ours`, {
      name: 'orders.lock-key',
    }),
    tx.maybeOne<{ fingerprint: Buffer; subjectId: string }>(
      sql`select fingerprint, subject_id as "subjectId" from orders.idempotency_keys
        where scope = ${scope} and key = ${key}`,
      { name: 'orders.find-key' },
    ),
  ])
  if (first === undefined && !ours) {
    throw ordersProblem('idempotency_key_in_flight', 'the first request with this key is not answered yet', {
      headers: { 'retry-after': '1' },
    })
  }
  if (first === undefined) return null
  if (!fingerprint.equals(first.fingerprint)) {
    throw ordersProblem('idempotency_key_reused', 'this key was sent with another body: make a new one')
  }
  return first.subjectId
}

/** Keeps what the answer is about, for whoever sends the request again. */
export async function keepKey(
  tx: Queryable,
  { now }: Pick<OrdersDeps, 'now'>,
  { scope, key, fingerprint }: KeyedRequest,
  subjectId: string,
): Promise<void> {
  await tx.query(
    sql`insert into orders.idempotency_keys (scope, key, fingerprint, subject_id, created_at)
      values (${scope}, ${key}, ${fingerprint}, ${subjectId}, ${now()})`,
    { name: 'orders.keep-key' },
  )
}

const batchSize = 10_000

/** Forgets answers that are older than a day. @returns how many */
export function forgetKeys({ database, now }: Pick<OrdersDeps, 'database' | 'now'>): Promise<number> {
  const before = new Date(now().getTime() - keptMs)
  const isOld = sql`created_at < ${before}`
  return forgetRows(database, { table: sql`orders.idempotency_keys`, isOld, batchSize })
}
