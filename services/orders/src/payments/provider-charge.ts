import Type, { type Static } from 'typebox'

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
})
export type ProviderCharge = Static<typeof ProviderCharge>
