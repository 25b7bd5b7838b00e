import type { DeathReason } from '../brokers/dead-letter-store.ts'
import { CeleryError } from '../errors.ts'

/** A message that cannot be read, and why: it becomes a dead letter of that reason. Never quotes the body. */
export class ProtocolError extends CeleryError {
  override readonly name = 'ProtocolError'
  readonly reason: DeathReason

  constructor(reason: DeathReason, message: string, options?: ErrorOptions) {
    super('BAD_MESSAGE', message, options)
    this.reason = reason
  }
}

/** A name out of a message for use in an error: short, and on one line. */
export function quoted(value: unknown): string {
  const text = typeof value === 'string' ? value : typeof value
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}...` : text)
}
