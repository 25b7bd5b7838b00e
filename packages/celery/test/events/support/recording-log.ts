import type { Log } from '../../../src/log.ts'

/** Keeps the messages of warnings. */
export function recordingLog(): Log & { readonly warnings: string[] } {
  const warnings: string[] = []
  return {
    warnings,
    debug() {},
    info() {},
    warn: (_, message) => void warnings.push(message),
    error: (_, message) => void warnings.push(message),
  }
}
