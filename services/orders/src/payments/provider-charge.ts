import Type, { type Static } from 'typebox'
import type { Charge } from './port.ts'

/** A text that PostgreSQL can hold. */
const stored = '^[^\\u0000]*$'

/** The provider's id of something. */
export const ProviderId = Type.String({ minLength: 1, maxLength: 255, pattern: stored })

/** A charge as the provider shows it, in answers and in webhooks; what else it shows does not matter here. */
export const ProviderCharge = Type.Object({
  id: ProviderId,
  key: Type.String({ maxLength: 255 }),
  status: Type.Enum(['pending', 'charged', 'declined', 'void']),
  reason: Type.String({ maxLength: 1_000, pattern: stored }),
  amount: Type.Optional(Type.Union([Type.Integer(), Type.Null()])),
  currency: Type.Optional(Type.Union([Type.String({ maxLength: 10, pattern: stored }), Type.Null()])),
})
export type ProviderCharge = Static<typeof ProviderCharge>

/** As the shop knows it; null while the provider has not decided. */
export function decidedCharge({ id, status, reason, amount, currency }: ProviderCharge): Charge | null {
  if (status === 'pending') return null
  return { status, chargeId: id, reason, took: { amount: amount ?? null, currency: currency ?? null } }
}
