import { CeleryError } from '../errors.ts'
import { shown } from '../options/check.ts'
import type { SignatureData } from '../protocol/message.ts'
import { isRecord } from '../protocol/shape.ts'
import type { SignatureLike } from './send-options.ts'

/**
 * Data of a signature, whichever form it was given in; what it holds is for `readSignature` to look at.
 * @throws CeleryError `BAD_OPTION` for what is neither, such as a task or the promise of a result
 */
export function signatureData(given: SignatureLike): SignatureData {
  const data = dataOf(given)
  if (data) return data
  const message = `A signature is expected, such as task.signature({ ... }), not ${shown(given)}.`
  throw new CeleryError('BAD_OPTION', message)
}

export function isSignatureLike(given: unknown): given is SignatureLike {
  return typeof dataOf(given)?.task === 'string'
}

function dataOf(given: unknown): SignatureData | undefined {
  if (!isRecord(given)) return undefined
  if (typeof given.toJSON === 'function') return given.toJSON() as SignatureData
  const prototype: unknown = Object.getPrototypeOf(given)
  return prototype === null || prototype === Object.prototype
    ? (given as unknown as SignatureData)
    : undefined
}
