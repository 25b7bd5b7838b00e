import Type from 'typebox'

/** What a request that is done once per key comes with. */
export const keyHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({ maxLength: 255, description: 'Needed: up to 255 visible characters, such as a UUID' }),
  ),
})

/** What such a request may answer about its key. */
export const keyProblems = [
  'idempotency_key_required',
  'idempotency_key_in_flight',
  'idempotency_key_reused',
] as const
