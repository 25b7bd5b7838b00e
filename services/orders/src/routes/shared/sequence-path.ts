import Type from 'typebox'

/** The part of a path that names a message of the outbox. */
export const sequencePath = Type.Object({
  sequence: Type.Integer({ minimum: 1, maximum: 999_999_999_999_999 }),
})
