import { CeleryError, reasonOf } from '../../errors.ts'

/** The reply code with which RabbitMQ closed a channel or connection, if it was that. */
export function replyCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'number' ? error.code : undefined
}

/**
 * amqplib could not encode what it was given, and has sent nothing. The channel waits for an answer to it nonetheless,
 * so that it is of no more use.
 */
export function isUnsendable(error: unknown): boolean {
  const thrown = error instanceof CeleryError ? error.cause : error
  return thrown instanceof TypeError || thrown instanceof RangeError
}

export function unavailable(what: string, cause?: unknown): CeleryError {
  const reason = cause === undefined ? '' : `: ${reasonOf(cause)}`
  return new CeleryError('BROKER_UNAVAILABLE', `${what}${reason}`, cause === undefined ? {} : { cause })
}

export function closed(): CeleryError {
  return new CeleryError('CLOSED', 'The AMQP broker is not open: call open() first, and close() last.')
}

/** What RabbitMQ refused when `what` (such as `the queue celery`) was declared, consumed or asked about. */
export function refusal(what: string, error: unknown): CeleryError {
  if (error instanceof CeleryError) return error
  const cause = { cause: error }
  const reason = reasonOf(error)
  if (isUnsendable(error))
    return new CeleryError('BAD_VALUE', `AMQP cannot carry ${what} (${reason}).`, cause)
  switch (replyCode(error)) {
    case 406:
      return new CeleryError(
        'BAD_OPTION',
        `RabbitMQ has ${what} with other properties (${reason}). Declare it with those it has, the same in Python ` +
          'and here, or delete it once it is empty and let it be made anew.',
        cause,
      )
    case 403:
      return new CeleryError(
        'BAD_OPTION',
        `RabbitMQ does not permit this user to use ${what} (${reason}).`,
        cause,
      )
    case 405:
      return new CeleryError(
        'BAD_OPTION',
        `Another connection has ${what} for itself alone (${reason}).`,
        cause,
      )
    case 404:
      return new CeleryError('UNROUTABLE', `RabbitMQ does not have ${what} (${reason}).`, cause)
    default:
      return unavailable(`RabbitMQ did not answer about ${what}`, error)
  }
}
