import Type from 'typebox'

/** What a request that is done once per key comes with. */
export const keyHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      maxLength: 255,
      pattern: '^[!-~]*$',
      description: 'Up to 255 visible characters of your making, such as a UUID',
      examples: ['0198c0de-0000-7000-8000-00000000000a'],
      'x-demanded': true,
    }),
  ),
})

/** What such a request may answer about its key. */
export const keyProblems = [
  'idempotency_key_required',
  'idempotency_key_in_flight',
  'idempotency_key_reused',
] as const
