import Type from 'typebox'

/** What every change by staff that is done once per key needs. */
export const keyHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({ maxLength: 255, description: 'Needed: up to 255 visible characters, such as a UUID' }),
  ),
})

/** What every such change may answer. */
export const changeProblems = [
  'order_not_found',
  'order_state',
  'idempotency_key_required',
  'idempotency_key_in_flight',
  'idempotency_key_reused',
] as const
