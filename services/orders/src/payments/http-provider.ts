import Type, { type Static, type TSchema } from 'typebox'
import Value from 'typebox/value'
import {
  createGuardedFetch,
  type GuardedFetch,
  type GuardOptions,
  type ProviderAnswer,
  type ProviderRequest,
} from './guarded-fetch.ts'
import { type Charge, PaymentError, type PaymentProvider } from './port.ts'
import { decidedCharge, ProviderCharge, ProviderId } from './provider-charge.ts'

const ProviderCharges = Type.Object({ items: Type.Array(ProviderCharge, { maxItems: 1 }) })

const ProviderRefund = Type.Object({
  id: ProviderId,
  key: Type.String({ maxLength: 255 }),
  amount: Type.Integer(),
  status: Type.Enum(['pending', 'done', 'failed']),
})

/** A payment provider that is spoken to over HTTP as docs/payments.md describes: the sandbox, or one like it. */
export function createHttpPayments(options: GuardOptions): PaymentProvider {
  const http = createGuardedFetch(options)
  return {
    async charge({ key, amount, currency, token, reference }) {
      const body = { amount, currency, token, reference }
      const request = { method: 'POST', path: '/v1/charges', idempotencyKey: key, body } as const
      return chargeOf(await ask(http, request, ProviderCharge), key)
    },
    async find(key) {
      const path = `/v1/charges?${new URLSearchParams({ key })}`
      const { items } = await ask(http, { method: 'GET', path }, ProviderCharges)
      const [found] = items
      return found === undefined ? null : chargeOf(found, key)
    },
    async void(key) {
      const request = { method: 'POST', path: '/v1/charges/void', body: { key } } as const
      return chargeOf(await ask(http, request, ProviderCharge), key)
    },
    async refund({ key, chargeId, amount, currency }) {
      const body = { chargeId, amount, currency }
      const request = { method: 'POST', path: '/v1/refunds', idempotencyKey: key, body } as const
      return refundOf(await ask(http, request, ProviderRefund), key, amount)
    },
    close: async () => http.close(),
  }
}

async function ask<T extends TSchema>(
  http: GuardedFetch,
  request: ProviderRequest,
  schema: T,
): Promise<Static<T>> {
  const answer = await http.send(request)
  const { status, body } = answer
  const call = `${request.method} ${request.path.split('?')[0]}`
  if (status >= 300) {
    const code = codeIn(body)
    const kind = kindOf(answer, code)
    const does = kind === 'unknown' ? 'puts off' : 'refuses'
    throw new PaymentError(kind, `the payment provider ${does} ${call}: ${`${status} ${code}`.trim()}`)
  }
  if (!Value.Check(schema, body)) {
    throw new PaymentError(
      'unknown',
      `the payment provider's answer to ${call} is not one that is understood`,
    )
  }
  return body
}

/** What an answer that is not what was asked for says of the request. */
function kindOf(answer: ProviderAnswer, code: string): PaymentError['code'] {
  if (isPutOff(answer, code)) return 'unknown'
  return isDenied(answer.status, code) ? 'denied' : 'refused'
}

/**
 * Whether an answer is to be asked for again: the same request may be under way, since each move of an order sends its
 * next step, and two may ask for one refund at once. It says that the provider is there, so it is no outage.
 */
function isPutOff({ status, isForNow }: ProviderAnswer, code: string): boolean {
  return status >= 400 && (isForNow || (status === 409 && code === 'idempotency_key_in_flight'))
}

/**
 * Whether an answer is about who asks, and where, and not about what is asked: key and address are our settings. What has
 * no code of the provider's own may be of anything on the way to it, such as a proxy, and says nothing of the request.
 */
function isDenied(status: number, code: string): boolean {
  if (code === '' || status < 400) return true
  return [401, 403, 405, 407].includes(status) || (status === 404 && code === 'not_found')
}

/** The code of a problem (RFC 9457), which holds nothing of the request; empty where there is none. */
function codeIn(body: unknown): string {
  const isProblem =
    typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string'
  return isProblem && /^[a-z_]{1,64}$/.test(String(body.code)) ? String(body.code) : ''
}

function chargeOf(charge: ProviderCharge, wanted: string): Charge {
  if (charge.key !== wanted)
    throw new PaymentError('unknown', 'the payment provider answers for another charge')
  const decided = decidedCharge(charge)
  if (decided === null)
    throw new PaymentError('unknown', 'the payment provider has not decided about the charge yet')
  return decided
}

function refundOf({ id, key, amount, status }: Static<typeof ProviderRefund>, wanted: string, asked: number) {
  if (key !== wanted || amount !== asked)
    throw new PaymentError('unknown', 'the payment provider answers for another refund')
  if (status === 'pending')
    throw new PaymentError('unknown', 'the payment provider has not given the money back yet')
  if (status === 'failed')
    throw new PaymentError('refused', 'the payment provider says that the refund failed')
  return { refundId: id }
}
