import { type Check, type Checks, checkOptions } from '../options/check.ts'
import { callback, seconds } from '../options/kinds.ts'
import type { GetOptions } from './handle.ts'

const signal: Check = { expected: 'an AbortSignal', fits: (value) => value instanceof AbortSignal }

const checks: Checks<GetOptions> = { timeout: seconds, signal, onProgress: callback }

/** Python's `get(10)` would else wait for ever. */
export function checkGet(options: GetOptions): void {
  checkOptions(options, checks, 'get')
}
