import { ProtocolError } from './protocol-error.ts'

/** An object with fields: neither null nor a list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function undecodable(what: string): ProtocolError {
  return new ProtocolError('undecodable', what)
}
