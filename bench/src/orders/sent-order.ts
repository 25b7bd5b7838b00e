/** The body of POST /api/orders that every buyer of a benchmark sends: one copy of one book, as a guest. */
export function sentOrder(bookId: string, email: string) {
  return {
    lines: [{ bookId, quantity: 1 }],
    email,
    shippingAddress: {
      name: 'A. Reader',
      line1: 'Main Street 1',
      postalCode: '10115',
      city: 'Berlin',
      country: 'DE',
    },
    shippingMethod: 'standard',
    payment: { token: 'tok_approve' },
  }
}
