import { createHmac, timingSafeEqual } from 'node:crypto'

/**
 * What lets a guest see their order: made from its id, so that it need not be kept and a retry gives it again. Whoever
 * has it may see and cancel this one order.
 */
export function orderToken(key: Buffer, orderId: string): string {
  return createHmac('sha256', key).update(`order ${orderId}`).digest('base64url')
}

/** Whether a token is that of the order. */
export function isOrderToken(key: Buffer, orderId: string, given: string): boolean {
  const expected = Buffer.from(orderToken(key, orderId))
  const actual = Buffer.from(given)
  return actual.length === expected.length && timingSafeEqual(actual, expected)
}
