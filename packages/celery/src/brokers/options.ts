import { CeleryError } from '../errors.ts'
import { checkValue } from '../options/check.ts'
import { wholeBetween } from '../options/kinds.ts'
import type { Destination, PublishOptions } from './port.ts'

const prefetchCheck = wholeBetween(1, 65_535)

/** What every broker checks in the same words. */
export function checkPrefetch(prefetch: number): void {
  checkValue(prefetch, prefetchCheck, 'prefetch', 'a consumer')
}

export function refuseTransaction({ transaction }: PublishOptions): void {
  if (!transaction) return
  throw new CeleryError(
    'UNSUPPORTED',
    'Only the PostgreSQL broker can publish within a transaction; publish after it has committed instead.',
  )
}

/** @param hint what else may be the matter on this broker */
export function unroutable({ exchange, routingKey }: Destination, hint = ''): CeleryError {
  const where =
    exchange === ''
      ? `no queue ${routingKey}`
      : `no queue bound to the exchange ${exchange} for ${routingKey}`
  return new CeleryError('UNROUTABLE', `There is ${where}. Declare it, or start a worker that does.${hint}`)
}
