import { address } from '../../../services/orders/test/support/shopping.ts'

/** The body of POST /api/orders that every buyer of a benchmark sends: one copy of one book, as a guest. */
export function sentOrder(bookId: string, email: string) {
  return {
    lines: [{ bookId, quantity: 1 }],
    email,
    shippingAddress: address,
    shippingMethod: 'standard',
    payment: { token: 'tok_approve' },
  }
}
