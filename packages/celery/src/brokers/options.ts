import { CeleryError } from '../errors.ts'
import type { Destination, PublishOptions } from './port.ts'

/** What every broker checks in the same words. */
export function checkPrefetch(prefetch: number): void {
  if (Number.isInteger(prefetch) && prefetch >= 1 && prefetch <= 65_535) return
  throw new CeleryError('BAD_OPTION', `prefetch must be a whole number from 1 to 65,535, not ${prefetch}.`)
}

export function refuseTransaction({ transaction }: PublishOptions): void {
  if (!transaction) return
  throw new CeleryError(
    'UNSUPPORTED',
    'Only the PostgreSQL broker can publish within a transaction; publish after it has committed instead.',
  )
}

export function unroutable({ exchange, routingKey }: Destination): CeleryError {
  const where =
    exchange === ''
      ? `no queue ${routingKey}`
      : `no queue bound to the exchange ${exchange} for ${routingKey}`
  return new CeleryError('UNROUTABLE', `There is ${where}. Declare it, or start a worker that does.`)
}
