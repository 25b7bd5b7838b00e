import { keyProblems } from './idempotency-key.ts'

/** What every change of an order by staff may answer. */
export const changeProblems = ['order_not_found', 'order_state', ...keyProblems] as const
