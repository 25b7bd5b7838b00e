import { createCheck } from '@colophon/http'
import Type, { type Static } from 'typebox'
import { ordersProblem } from '../problems.ts'
import { ProviderCharge } from './provider-charge.ts'

/** What the provider tells by webhook. Other types than `charge.settled` are taken, and change nothing. */
export const WebhookEvent = Type.Object(
  {
    type: Type.String({ maxLength: 255, examples: ['charge.settled', 'refund.done'] }),
    data: Type.Object({}, { description: 'The charge or refund, as the provider shows it' }),
  },
  { title: 'PaymentEvent' },
)

const checkEvent = createCheck(WebhookEvent)
const checkCharge = createCheck(ProviderCharge)

/**
 * The charge of which an event tells; null for an event of another type.
 * @throws Problem webhook_invalid
 */
export function chargeIn(bytes: Buffer): ProviderCharge | null {
  const event: unknown = parse(bytes)
  refuseWrong<Static<typeof WebhookEvent>>(event, checkEvent)
  if (event.type !== 'charge.settled') return null
  const charge: unknown = event.data
  refuseWrong<ProviderCharge>(charge, checkCharge, '/data')
  return charge
}

function refuseWrong<T>(value: unknown, check: typeof checkEvent, within = ''): asserts value is T {
  const errors = check(value).map((error) => ({ ...error, path: within + error.path }))
  const [first] = errors
  if (first) throw ordersProblem('webhook_invalid', `${first.path} ${first.message}`.trim(), { errors })
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch (cause) {
    throw ordersProblem('webhook_invalid', 'the body is not JSON', { cause })
  }
}
