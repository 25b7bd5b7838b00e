import { defineProblems, problems } from '@colophon/http'

/** What stock, orders and payments refuse, by its stable code. */
export const ordersProblems = defineProblems({
  order_invalid: { status: 400, title: 'The order has fields that cannot be right' },
  order_not_found: { status: 404, title: 'No such order, or not one of yours' },
  order_state: { status: 409, title: 'The order is not in a state that allows this' },
  total_too_large: { status: 409, title: 'The order costs more than can be paid at once' },
  total_changed: { status: 409, title: 'The order costs something else than expected' },
  out_of_stock: { status: 409, title: 'Not enough copies are left' },
  book_withdrawn: { status: 409, title: 'The book is not sold any more' },
  book_without_price: { status: 409, title: 'The book has no price in this currency' },
  book_not_released: { status: 409, title: 'The book is not published yet' },
  book_unknown: { status: 409, title: 'The catalogue has no such book' },
  country_not_served: { status: 409, title: 'Nothing is shipped to this country by this method' },
  lines_invalid: { status: 400, title: 'Lines that this order does not have, or not so many copies' },
  refund_not_found: { status: 404, title: 'The order has no such refund' },
  refund_state: { status: 409, title: 'The refund is not in a state that allows this' },
  refund_too_large: { status: 409, title: 'More than what was paid and not given back yet' },
  idempotency_key_required: { status: 400, title: 'The request needs an Idempotency-Key' },
  idempotency_key_in_flight: {
    status: 409,
    title: 'A request with this Idempotency-Key is being worked on',
    retryable: true,
  },
  idempotency_key_reused: { status: 422, title: 'The Idempotency-Key was used for another request' },
  inventory_not_tracked: { status: 409, title: 'Copies of this book are not counted' },
  inventory_not_found: { status: 404, title: 'No such book' },
  adjustment_refused: { status: 409, title: 'There would be less than nothing, or less than what is held' },
  document_reused: { status: 409, title: 'Another delivery has this document number' },
  goods_in_invalid: { status: 400, title: 'The file cannot be read as goods in' },
  webhook_signature: { status: 401, title: 'The signature is not that of the payment provider' },
  webhook_invalid: { status: 400, title: 'Not an event of the payment provider' },
  report_not_found: { status: 404, title: 'No such report' },
  invoice_not_found: { status: 404, title: 'No invoice has this number, or not one of yours' },
  dead_letter_not_found: { status: 404, title: 'No such dead letter' },
  dead_letter_stays: { status: 409, title: 'The dead letter could not be sent again' },
  rates_invalid: { status: 400, title: 'Rates that cannot be right' },
  outbox_message_not_found: { status: 404, title: 'No such parked message' },
  copies_missing: { status: 409, title: 'Copies are not there yet: the order waits for them' },
  currency_other: { status: 400, title: 'The order is in another currency' },
})

export const ordersProblem = problems(ordersProblems)
