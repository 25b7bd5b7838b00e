import { line, nullable, timestamp, uuid } from '@colophon/http'
import Type, { type Static } from 'typebox'

/** More than any card holds, and far from where numbers stop being exact. */
const maxAmount = 999_999_999_999

const key = Type.String({
  pattern: '^[\\x21-\\x7e]{1,255}$',
  description:
    'Up to 255 visible characters, made by the caller: for each there is one charge, or one refund',
  examples: ['charge-0198c1f0-7a55-7c3e-9b5e-3f2a6d1c8e40'],
})

export const ChargeKey = Type.Object({ key }, { title: 'ChargeKey', additionalProperties: false })

export const keyHeader = Type.Object({ 'idempotency-key': key })

export const ChargeInput = Type.Object(
  {
    amount: Type.Integer({ minimum: 0, maximum: maxAmount, description: 'Minor units' }),
    currency: Type.String({ pattern: '^[A-Z]{3}$', description: 'ISO 4217', examples: ['EUR'] }),
    token: line({ maxLength: 200, description: 'Decides what happens', examples: ['tok_approve'] }),
    reference: line({ maxLength: 200, description: "The caller's own, such as an order's id" }),
  },
  { title: 'ChargeInput', additionalProperties: false },
)
export type ChargeInput = Static<typeof ChargeInput>

export const Charge = Type.Object(
  {
    id: uuid(),
    key: Type.String(),
    status: Type.Enum(['pending', 'charged', 'declined', 'void']),
    reason: Type.String({ description: 'Why it was declined, for people; empty otherwise' }),
    amount: nullable(
      Type.Integer({
        description: 'Minor units; null when it was void before it was asked for, as the next two are',
      }),
    ),
    currency: nullable(Type.String()),
    reference: nullable(Type.String()),
    refunded: Type.Integer({ description: 'What was given back, in minor units' }),
    createdAt: timestamp(),
    settledAt: nullable(timestamp({ description: 'Null while it is pending' })),
  },
  { title: 'Charge', additionalProperties: false },
)
export type Charge = Static<typeof Charge>

export const RefundInput = Type.Object(
  {
    chargeId: uuid(),
    amount: Type.Integer({
      minimum: 1,
      maximum: maxAmount,
      description: 'Minor units',
    }),
    currency: Type.String({
      pattern: '^[A-Z]{3}$',
      description: "ISO 4217: the charge's",
      examples: ['EUR'],
    }),
  },
  { title: 'RefundInput', additionalProperties: false },
)
export type RefundInput = Static<typeof RefundInput>

export const Refund = Type.Object(
  {
    id: uuid(),
    key: Type.String(),
    chargeId: uuid(),
    status: Type.Literal('done'),
    amount: Type.Integer(),
    createdAt: timestamp(),
  },
  { title: 'Refund', additionalProperties: false },
)
export type Refund = Static<typeof Refund>
