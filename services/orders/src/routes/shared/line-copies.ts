import Type, { type TSchema } from 'typebox'
import { orderLimits } from '../../schemas.ts'

/** Copies of one line of an order. */
export const lineCopies = Type.Object(
  {
    position: Type.Integer({ minimum: 1, maximum: orderLimits.lines, description: 'Of the line' }),
    quantity: Type.Integer({ minimum: 1, maximum: orderLimits.quantity }),
  },
  { additionalProperties: false },
)

/** Copies of several lines. */
export function lineList<T extends TSchema>(item: T) {
  return Type.Array(item, { minItems: 1, maxItems: orderLimits.lines, description: 'Each line once' })
}
