import { defineProblems, problems } from '@colophon/http'

/** What the sandbox refuses, by its stable code. */
export const sandboxProblems = defineProblems({
  charge_not_found: { status: 404, title: 'No such charge' },
  charge_took_nothing: { status: 409, title: 'The charge took no money' },
  refund_refused: { status: 409, title: 'Nothing of this charge is given back' },
  currency_other: { status: 409, title: 'The charge is in another currency' },
  refund_too_large: { status: 409, title: 'More than what was charged and not given back yet' },
  idempotency_key_reused: { status: 422, title: 'The Idempotency-Key was used for another request' },
  failed_on_demand: { status: 500, title: 'It fails because the token says so', retryable: true },
})

export const sandboxProblem = problems(sandboxProblems)
